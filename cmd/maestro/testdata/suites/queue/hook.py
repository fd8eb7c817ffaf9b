import hashlib
import hmac

import maestro


def hook(input):
    request = maestro.request()
    expected = hmac.new(maestro.secret("KEY").encode(), request.body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected, request.headers.get("x-signature", "")):
        return maestro.Response({"error": "signature"}, 401)
    return maestro.Response(request.body, 201, {"Location": request.url})
