"""The five screens, for a browser and for a notebook cell. They know the operator services, and nothing
below.

How a page is made
    A page is a :class:`~workbench.panels.base.PageView`: ``Page(state)`` builds its widgets once,
    ``_update()`` reads what it shows and puts it into them. Nobody calls ``_update()``; ``refresh()`` does,
    under the session's lock, when the page is opened, its project or filters change, or something changed in
    the database. A page that is not shown is not refreshed: it is marked and catches up when it is opened.

Where things stand
    One :class:`~workbench.panels.state.WorkbenchState` per browser session holds what the screens share
    (page, project, filters, mode, pause, actor, messages) and no widgets. Data flows one way: a click changes
    the database or the state, the state tells the page, the page reads. Pages never set each other's widgets.
    ``state.go("gallery", project_id=3, status="DRAFT")`` opens a view; page, project and filters stand in the
    address, so a filter is a short string under a short name in ``state.filters``.

    Links between pages use these filters: ``show`` (queue, failed, unknown, timeline, charts, audit), ``status``,
    ``due``, ``range``, ``view`` (month, week, day, list), ``date`` and ``days`` on the Control Tower, ``status`` and
    ``stale`` in the Gallery, ``intent`` on Leads.

Talking to the database
    ``state.call(ops.approve_strategy, project_id, number=4)`` runs one operation of the contract in a session
    of its own, opened for the person who is signed in, and closes it. No page keeps a session, or opens two
    at once. A method that a click or a message of a component runs wears
    :func:`~workbench.panels.base.action`: it shows that the screen is working, turns a ``WorkbenchError``
    into a message, and refreshes what is shown. Where an error needs its own dialog (``EditConflict``) the
    method catches it. ``state.tell("Approved.", undo=…)`` says what happened. Dialogs are made when they
    open: ``self.open_dialog("Title", *objects)``.

    Callbacks run in threads. What changes in a part while the event loop makes the browser's models of it is
    lost: fill a part first, then add it; and hide what comes and goes with ``visible`` instead of taking it
    away. (A style sheet that sets ``display`` on ``:host`` would show it again.)

Text of people and models
    Goes to the screen as text: ``safe.text``, ``safe.markdown`` (sanitised, no images, no raw HTML), a
    parameter of a component, or a widget's value. Never in an f-string of HTML without ``safe.escape``.

Components
    A board, a feed, a card grid is one :class:`~workbench.panels.components.base.Component`: a .js file
    beside it without imports that exports ``render({model, el})`` and builds DOM with ``h()`` of ``dom.js``
    (textContent, never innerHTML), styles in a .css file that uses the variables of ``tokens.css``.
    Parameters hold JSON values: times as ISO strings. JavaScript speaks with ``model.send_msg({type, …})``,
    Python answers in ``_handle_msg`` by calling the ``on_*`` functions it was given, and with ``_send_msg``.
    panel-material-ui is for controls and dialogs; few of them a page: each costs more than a whole board.
"""

from __future__ import annotations

from workbench.panels.command import Command
from workbench.panels.control_tower import ControlTower
from workbench.panels.gallery import Gallery
from workbench.panels.leads import Leads
from workbench.panels.server import configure_notebook, configure_panel, refusal_page
from workbench.panels.shell import Shell
from workbench.panels.state import WorkbenchState
from workbench.panels.war_room import WarRoom

__all__ = [
    "Command",
    "ControlTower",
    "Gallery",
    "Leads",
    "Shell",
    "WarRoom",
    "WorkbenchState",
    "configure_notebook",
    "configure_panel",
    "refusal_page",
]
