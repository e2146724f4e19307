export interface DocsPageOptions {
  title: string;
  docsPath: string;
  openApiPath: string;
}

/** The page: no inline script, nothing from another host, so that a strict content security policy lets it run. */
export function docsPage({ title, docsPath, openApiPath }: DocsPageOptions): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${escapeHtml(docsPath)}/swagger-ui.css">
</head>
<body>
<div id="swagger-ui" data-openapi="${escapeHtml(openApiPath)}"></div>
<script src="${escapeHtml(docsPath)}/swagger-ui-bundle.js"></script>
<script src="${escapeHtml(docsPath)}/start.js"></script>
</body>
</html>
`;
}

/** Starts Swagger UI on the page. `validatorUrl` is off: it would send the document to a public service. */
export const START_SCRIPT = `const root = document.getElementById('swagger-ui');
SwaggerUIBundle({
  url: root.dataset.openapi,
  domNode: root,
  deepLinking: true,
  displayRequestDuration: true,
  tryItOutEnabled: true,
  validatorUrl: null,
});
`;

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
