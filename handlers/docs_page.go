package handlers

import (
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"

	"maestro/internal/model"
	"maestro/web"
	"maestro/web/guide"
)

// page serves a page for a browser.
func page(file func() web.File) fiber.Handler {
	return func(c *fiber.Ctx) error { return sendFile(c, file()) }
}

func pageOp(id, summary string) huma.Operation {
	return huma.Operation{OperationID: id, Summary: summary, Responses: answers("The page", "text/html", nil)}
}

func pageAssetOp() huma.Operation {
	return huma.Operation{
		OperationID: "documents-asset", Summary: "What the pages load",
		Parameters: []*huma.Param{pathParameter("asset", "The name of a file", "docs.css")},
		Responses: map[string]*huma.Response{"200": {Description: "The file", Content: map[string]*huma.MediaType{
			"text/css": {Schema: &huma.Schema{Type: huma.TypeString}}, "text/javascript": {Schema: &huma.Schema{Type: huma.TypeString}},
		}}},
	}
}

func pageAsset(c *fiber.Ctx) error {
	file, found := web.Asset(c.Params("asset"))
	if !found {
		return model.NewError(model.CodeNotFound, "There is no asset of that name.")
	}
	return sendFile(c, file)
}

func guidePageOp() huma.Operation {
	text := &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString}}
	return huma.Operation{
		OperationID: "guide-page", Summary: "A page of the guide, or what a page loads",
		Parameters: []*huma.Param{pathParameter("page", "The name of a page", "first-function")},
		Responses: map[string]*huma.Response{"200": {Description: "The page", Content: map[string]*huma.MediaType{
			"text/html": text, "image/svg+xml": text, "application/json": {Schema: &huma.Schema{Type: huma.TypeArray, Items: &huma.Schema{Type: huma.TypeObject}}},
		}}},
	}
}

// withoutSlash redirects an address with a slash at its end, from which relative links would
// lead elsewhere.
func withoutSlash(next fiber.Handler) fiber.Handler {
	return func(c *fiber.Ctx) error {
		if path, found := strings.CutSuffix(c.Path(), "/"); found {
			to := "../" + path[strings.LastIndexByte(path, '/')+1:]
			if query := c.Request().URI().QueryString(); len(query) > 0 {
				to += "?" + string(query)
			}
			return c.Redirect(to, fiber.StatusPermanentRedirect)
		}
		return next(c)
	}
}

func guidePage(c *fiber.Ctx) error {
	file, found := guide.Page(c.Params("page"))
	if !found {
		return model.NewError(model.CodeNotFound, "The guide has no page of that name; /guide lists them.")
	}
	return sendFile(c, file)
}

// sendFile sends a page or an asset. Browsers revalidate their
// copies each time, because the names stay the same from version to version.
func sendFile(c *fiber.Ctx, file web.File) error {
	c.Set(fiber.HeaderContentSecurityPolicy, web.ContentSecurityPolicy)
	c.Set(fiber.HeaderXContentTypeOptions, "nosniff")
	c.Set(fiber.HeaderReferrerPolicy, "no-referrer")
	c.Set(fiber.HeaderCacheControl, "no-cache")
	c.Set(fiber.HeaderVary, fiber.HeaderAcceptEncoding)
	body, etag := file.Body, file.ETag
	if acceptsGzip(c) {
		body, etag = file.Gzip, strings.TrimSuffix(file.ETag, `"`)+`-gzip"`
		c.Set(fiber.HeaderContentEncoding, "gzip")
	}
	c.Set(fiber.HeaderETag, etag)
	if matchesETag(c, etag) {
		c.Response().Header.Del(fiber.HeaderContentEncoding)
		return c.SendStatus(fiber.StatusNotModified)
	}
	c.Set(fiber.HeaderContentType, file.ContentType)
	c.Response().SetBodyRaw(body) // shared: read only
	return nil
}

// acceptsGzip parses the part of Accept-Encoding that browsers use.
func acceptsGzip(c *fiber.Ctx) bool {
	for coding := range strings.SplitSeq(c.Get(fiber.HeaderAcceptEncoding), ",") {
		name, quality, _ := strings.Cut(strings.TrimSpace(coding), ";")
		if strings.TrimSpace(name) == "gzip" {
			quality = strings.ReplaceAll(quality, " ", "")
			return quality != "q=0" && !strings.HasPrefix(quality, "q=0.0")
		}
	}
	return false
}

// matchesETag reports whether the client has this version already.
func matchesETag(c *fiber.Ctx, etag string) bool {
	for known := range strings.SplitSeq(c.Get(fiber.HeaderIfNoneMatch), ",") {
		if known = strings.TrimSpace(known); known == "*" || strings.TrimPrefix(known, "W/") == etag {
			return true
		}
	}
	return false
}
