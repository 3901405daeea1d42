"""A bucket that speaks S3: AWS, OVHcloud, Scaleway, MinIO, Garage. Requests are signed here (Signature Version 4), so
that they take the same guarded way out as all the others."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from urllib.parse import quote, urlsplit

from parvis.connectors.arrival import NAMES, Arrival, Errand, Listed, due
from parvis.connectors.download import markup
from parvis.connectors.setting import Setting
from parvis.outgoing import DOCUMENT, Answer
from parvis.values import msg

TITLE = msg("Un espace de stockage S3")
HELP = msg("Un « bucket » chez OVHcloud, Scaleway, AWS, ou sur un serveur MinIO.")
ORDER = 60
EXTRA = ""
SETTINGS = (
    Setting(
        "address",
        msg("Adresse du service"),
        "address",
        msg("Par exemple https://s3.gra.io.cloud.ovh.net"),
        required=True,
    ),
    Setting("bucket", msg("Nom de l'espace (bucket)"), required=True),
    Setting("prefix", msg("Dossier"), help=msg("Vide : tout l'espace.")),
    Setting("region", msg("Région"), default="us-east-1"),
    Setting("user", msg("Identifiant de la clé (access key)"), help=msg("Vide : espace ouvert à tous.")),
    NAMES,
)
SECRET = Setting("secret", msg("Clé secrète (secret key)"))
EXAMPLES = ({"address": "https://s3.gra.io.cloud.ovh.net", "bucket": "fontclaire", "prefix": "open-data/"},)
_EMPTY = hashlib.sha256(b"").hexdigest()
_PAGES = 50  # of a thousand objects


def fetch(errand: Errand) -> Iterator[Arrival]:
    """Yield the objects that are new or whose ETag changed."""
    for one in due(_listed(errand), errand):
        with _ask(errand, one.path, {}) as answer:
            origin = f"s3://{errand.settings['bucket']}/{one.path}"
            yield Arrival(one.name, answer, origin, one.path, one.mark)


def _listed(errand: Errand) -> Iterator[Listed]:
    asked = {"list-type": "2", "prefix": errand.settings["prefix"].lstrip("/")}
    for _ in range(_PAGES):
        with _ask(errand, "", asked, DOCUMENT) as answer:
            root = markup(answer.read(), answer.host)
        for found in root.iterfind("{*}Contents"):
            path = found.findtext("{*}Key") or ""
            size = found.findtext("{*}Size") or "0"
            if path and not path.endswith("/"):
                changed = found.findtext("{*}ETag") or found.findtext("{*}LastModified") or ""
                yield Listed(path, int(size), [int(size), changed])
        following = root.findtext("{*}NextContinuationToken")
        if not following:
            return
        asked["continuation-token"] = following


def _ask(errand: Errand, path: str, asked: dict[str, str], size: int = 2 << 30) -> Answer:
    """Return the answer of one signed GET; the bucket stands in the path, which every S3 server understands."""
    parts = urlsplit(errand.settings["address"])
    target = f"{parts.path.rstrip('/')}/{quote(errand.settings['bucket'], safe='')}/{quote(path, safe='/~')}"
    query = "&".join(f"{quote(k, safe='~')}={quote(v, safe='~')}" for k, v in sorted(asked.items()))
    host = parts.netloc.removesuffix(":443" if parts.scheme == "https" else ":80")
    address = f"{parts.scheme}://{host}{target}{f'?{query}' if query else ''}"
    # To another host the signature is not carried: it is worth for this one only.
    return errand.client.ask(address, secret=_signed(errand, host, target, query), size=size)


def _signed(errand: Errand, host: str, target: str, query: str) -> dict[str, str] | None:
    """Return the headers of a signed request. Source: AWS General Reference, Signature Version 4."""
    if not errand.settings["user"]:
        return None
    moment = errand.now.strftime("%Y%m%dT%H%M%SZ")
    day, region = moment[:8], errand.settings["region"]
    headers = {"host": host.lower(), "x-amz-content-sha256": _EMPTY, "x-amz-date": moment}
    names = ";".join(headers)
    told = "".join(f"{k}:{v}\n" for k, v in headers.items())
    request = "\n".join(("GET", target, query, told, names, _EMPTY))
    scope = f"{day}/{region}/s3/aws4_request"
    digest = hashlib.sha256(request.encode()).hexdigest()
    key = f"AWS4{errand.secret}".encode()
    for word in (day, region, "s3", "aws4_request"):
        key = hmac.new(key, word.encode(), hashlib.sha256).digest()
    signature = hmac.new(key, f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{digest}".encode(), hashlib.sha256).hexdigest()
    credential = f"{errand.settings['user']}/{scope}"
    return {
        "Authorization": f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders={names}, Signature={signature}",
        "x-amz-content-sha256": _EMPTY,
        "x-amz-date": moment,
    }
