"""Downloads a text document. Both workflows begin with it."""

import http.client
import urllib.error
import urllib.parse
import urllib.request

TIMEOUT_SECONDS = 10
MAX_BYTES = 1024 * 1024

TYPES = {
    "application/json": "json",
    "application/xml": "xml",
    "text/csv": "csv",
    "text/html": "html",
    "text/xml": "xml",
}


class SameSchemes(urllib.request.HTTPRedirectHandler):
    """Follows a redirect only to where the function itself would have gone."""

    def redirect_request(self, req, fp, code, msg, headers, newurl):
        check_url(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def check_url(url):
    parts = urllib.parse.urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"not an http or https address: {url!r}")


def fetch_document(input):
    url = input["url"].strip()
    check_url(url)
    request = urllib.request.Request(
        url, headers={"User-Agent": "maestro-example", "Accept": "text/*, application/json"}
    )
    opener = urllib.request.build_opener(SameSchemes)
    try:
        with opener.open(request, timeout=TIMEOUT_SECONDS) as response:
            raw = response.read(MAX_BYTES + 1)
            media_type = response.headers.get_content_type()
            charset = response.headers.get_content_charset() or "utf-8"
    except urllib.error.HTTPError as error:
        raise ValueError(f"{url} answers {error.code} {error.reason}") from None
    except http.client.InvalidURL as error:
        raise ValueError(f"not an address: {url!r} ({error})") from None
    except (OSError, http.client.HTTPException) as error:
        raise ConnectionError(f"cannot fetch {url}: {getattr(error, 'reason', error)}") from None

    if len(raw) > MAX_BYTES:
        raise ValueError(f"{url} is larger than {MAX_BYTES} bytes")
    try:
        content = raw.decode(charset)
    except (UnicodeDecodeError, LookupError):
        raise ValueError(f"{url} is not text ({media_type})") from None
    return {"content": content, "type": TYPES.get(media_type, "text"), "size": len(raw)}
