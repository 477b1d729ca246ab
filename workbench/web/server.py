"""The server: one Panel application, the unsubscribe page, and nobody let in who may not."""

from __future__ import annotations

import gc
import ipaddress
import sys
from typing import Any, cast
from urllib.parse import urlsplit

import panel as pn
import psutil
from panel.io.server import Server, get_server

from workbench.bootstrap import Workbench
from workbench.errors import NotConfigured, PermissionDenied
from workbench.operator_services.users import have_users
from workbench.panels import Shell, configure_panel, refusal_page
from workbench.secret import secret_key
from workbench.web import unsubscribe
from workbench.web.login import LocalUsers

TITLE = "Command Center"
#: For how long a thread that reads may keep the one waiting that sends. Each part of a message waits anew, for Python's
#: usual 5 ms each time: a click's answer of ten parts came 50 ms late whenever anything else was being done.
SWITCH_SECONDS = 0.0005


def is_loopback(address: str) -> bool:
    """Whether only this machine can reach a server bound to ``address`` (empty means every address)."""
    if address == "localhost":
        return True
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def refuse_if_exposed(addresses: list[str], *, authenticated: bool) -> None:
    """Raise :class:`NotConfigured` when others could reach a server that asks nobody who they are."""
    exposed = [address or "every address" for address in addresses if not is_loopback(address)]
    if exposed and not authenticated:
        raise NotConfigured(
            f"This server is bound to {', '.join(sorted(set(exposed)))}, where others can reach it, and nobody has to "
            "sign in. Bind it to this machine alone (--address 127.0.0.1), or make users first: "
            "workbench users add NAME --role admin, then workbench serve."
        )


def listening_addresses() -> list[str]:
    """The addresses this process accepts connections on; how ``panel serve`` was bound can't be asked otherwise."""
    connections = psutil.Process().net_connections("tcp")
    return [entry.laddr.ip for entry in connections if entry.status == psutil.CONN_LISTEN]


def session_page(wb: Workbench, *, sign_out: str = "") -> Any:
    """The page for whoever opened this browser session, or the reason why they may not.

    ``sign_out`` is where they sign out; empty where nobody signs in here.
    """
    configure_panel()
    user = pn.state.user
    try:
        refuse_if_exposed(listening_addresses(), authenticated=user is not None)
        mine = wb.acting_as(user)
    except (NotConfigured, PermissionDenied) as error:
        return refusal_page(error.message)
    shell = cast(Shell, mine.page())
    shell.topbar.sign_out = sign_out
    return shell.__panel__()


def make_server(wb: Workbench, *, address: str = "127.0.0.1", port: int = 5006, oauth: str | None = None) -> Server:
    """A Panel server for ``wb``, bound but not started.

    With users in the database everybody signs in; with ``oauth`` (a provider Panel knows, its keys in
    ``PANEL_OAUTH_…``) they do so there, and must be users here under the name that it gives.

    Raises :class:`NotConfigured` when others can reach the address and nobody has to sign in, :class:`OSError` when
    the port is taken.
    """
    with wb.session() as db:
        local_users = have_users(db)
    refuse_if_exposed([address], authenticated=local_users)
    if oauth and not local_users:
        raise NotConfigured(
            "With OAuth, people need a role here: workbench users add NAME --role admin, with the name that the "
            "provider gives."
        )
    options: dict[str, Any] = {}
    if oauth:
        options["oauth_provider"] = oauth
    elif local_users:
        options["auth_provider"] = LocalUsers(wb.session)
    sign_out = "logout" if "auth_provider" in options else ""
    if local_users:
        options["cookie_secret"] = secret_key(wb.settings)
    public = [urlsplit(wb.settings.public_url).netloc] if wb.settings.public_url else []
    configure_panel()
    return get_server(
        lambda: session_page(wb, sign_out=sign_out),
        address=address,
        port=port,
        websocket_origin=[f"localhost:{port}", f"127.0.0.1:{port}", f"{address}:{port}", *public],
        title=TITLE,
        extra_patterns=[(unsubscribe.ROUTE, unsubscribe.Unsubscribe, {"sessions": wb.session})],
        **options,
    )


def settle() -> None:
    """Set Python up to answer quickly rather than to work steadily; for a process that is about to serve, once.

    What is there now is kept out of the garbage collector's sight: a full collection looks at every object while nobody
    is served, a quarter of a second for what the imports made. Threads take turns more often.
    """
    sys.setswitchinterval(SWITCH_SECONDS)
    gc.collect()
    gc.freeze()
