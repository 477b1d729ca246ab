"""The workbench as a web application: who may reach it, the pages outside the workbench, the server itself."""

from workbench.web.server import is_loopback, make_server, refuse_if_exposed, session_page, settle

__all__ = ["is_loopback", "make_server", "refuse_if_exposed", "session_page", "settle"]
