// Starts the one of the two that its page carries. A page's own addresses are
// relative, so that both work behind a proxy that puts a prefix in front.
"use strict";

const description = new URL("openapi.json", document.baseURI).href;

const swagger = document.getElementById("swagger-ui");
if (swagger) {
  window.SwaggerUIBundle({
    url: description,
    domNode: swagger,
    deepLinking: true,
    tryItOutEnabled: true,
    displayRequestDuration: true,
    persistAuthorization: false, // a token does not outlive the page
    validatorUrl: "none", // nothing is sent to another server
    presets: [window.SwaggerUIBundle.presets.apis],
  });
}

const reference = document.getElementById("reference");
if (reference) {
  window.Redoc.init(
    description,
    {
      hideDownloadButton: false,
      theme: {
        typography: {
          // Its own choice of fonts would come from another server.
          fontFamily: "system-ui, sans-serif",
          headings: { fontFamily: "system-ui, sans-serif" },
          code: { fontFamily: "ui-monospace, monospace" },
        },
      },
    },
    reference,
  );
}
