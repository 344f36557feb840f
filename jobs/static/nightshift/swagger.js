// The API's description as a page: what is tried on it is sent in the name of whoever is signed in.
"use strict";

const place = document.getElementById("swagger-ui");

SwaggerUIBundle({
  url: place.dataset.schema,
  domNode: place,
  deepLinking: true,
  presets: [SwaggerUIBundle.presets.apis],
  layout: "BaseLayout",
  requestInterceptor: (request) => {
    if (!["GET", "HEAD"].includes(request.method)) {
      request.headers[place.dataset.csrfHeader] = place.dataset.csrfToken;
    }
    return request;
  },
});
