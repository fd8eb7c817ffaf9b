package handlers

import (
	"crypto/rand"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"

	"maestro/internal/model"
	"maestro/web"
)

// immutable is for files whose names change with their content.
const immutable = "public, max-age=31536000, immutable"

func consoleOp() huma.Operation {
	return huma.Operation{
		OperationID: "console", Summary: "The console: the API in a browser",
		Parameters: []*huma.Param{{
			Name: "subtenant", In: "query", Description: "The subtenant that the console shows first, in links from one person to another",
			Schema: &huma.Schema{Type: huma.TypeString},
		}},
		Responses: answers("The page", "text/html", nil),
	}
}

// consolePage serves the page of the console, with a nonce of its own for the style
// elements that the editor makes. Its assets are relative to the folder of the page, so the
// address must end with a slash.
func consolePage(c *fiber.Ctx) error {
	if !strings.HasSuffix(c.Path(), "/") {
		to := web.ConsolePath + "/"
		if query := c.Context().QueryArgs().String(); query != "" {
			to += "?" + query
		}
		return c.Redirect(to, fiber.StatusPermanentRedirect)
	}
	nonce := rand.Text()
	c.Set(fiber.HeaderContentSecurityPolicy, web.ConsolePolicy(nonce))
	c.Set("Cross-Origin-Opener-Policy", "same-origin")
	c.Set(fiber.HeaderXContentTypeOptions, "nosniff")
	c.Set(fiber.HeaderReferrerPolicy, "no-referrer")
	c.Set(fiber.HeaderCacheControl, "no-store") // a nonce is for one response
	c.Set(fiber.HeaderContentType, fiber.MIMETextHTMLCharsetUTF8)
	return c.Send(web.ConsolePage(nonce))
}

func consoleAssetOp() huma.Operation {
	operation := pageAssetOp()
	operation.OperationID, operation.Summary = "console-asset", "A file that the console loads"
	operation.Parameters = []*huma.Param{pathParameter("asset", "The name of a file", "index-B4kd02aX.js")}
	return operation
}

func consoleAsset(c *fiber.Ctx) error {
	file, found := web.ConsoleAsset(c.Params("asset"))
	if !found {
		return model.NewError(model.CodeNotFound, "The console of this version has no file of that name. Load its page again.")
	}
	if err := sendFile(c, file); err != nil {
		return err
	}
	c.Set(fiber.HeaderCacheControl, immutable)
	return nil
}
