"""``GET /dossiers/{code}/forms/01.pdf``: a dossier's printed forms, as the desk prints them."""

from litestar import Response, get

from api.body import Call
from api.desk.directory import Directories
from api.desk.papers import MEDIA_TYPE, pdf, printable
from api.docs import document
from api.parts import parts_of
from store.references import References


@get(
    "/dossiers/{code:str}/forms/{form:str}",
    name="dossierForm",
    opt=document(
        tag="dossiers",
        summary="A printed form of a dossier",
        description=(
            "`01.pdf` receipt and appointment, `02.pdf` supplement, `03.pdf` refusal, `04.pdf` apology and new date, "
            "`05.pdf` stop, `06.pdf` control sheet; 404 where the dossier has no such form. In Vietnamese, with a QR "
            "code of the dossier's code."
        ),
        answer_description="The form, ready to print.",
        media_type=MEDIA_TYPE,
        problems=(400, 401, 403, 404, 406, 429, 500, 503),
    ),
)
async def form(request: Call) -> Response[bytes]:
    """Print a form."""
    parts = parts_of(request)
    directory = await Directories(References(parts.database)).get(parts.now())
    return await pdf(await printable(request, directory, str(request.path_params["form"])))
