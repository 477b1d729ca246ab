"""A revision of a strategy as a document of its own: Markdown, or one HTML file that prints well.

Nothing of a text runs in the HTML: markdown is sanitised, everything else escaped, and a content policy in the file
forbids scripts, pictures, forms and requests, should either fail one day.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from workbench.clock import now
from workbench.operator_services.types import ProjectContext, StrategyRevision
from workbench.panels import safe, times
from workbench.panels.new_project import BRIEF
from workbench.panels.theme import style

#: Signs that would make markdown of a text that is none.
_MARKS: Final = re.compile(r"([\\`*_\[\]<>|#~])")
_LONGEST_NAME: Final = 100

_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'"


@dataclass(frozen=True)
class Document:
    """What goes into the file. ``decisions`` are entries of :func:`~workbench.panels.strategy_history.history`."""

    context: ProjectContext
    revision: StrategyRevision
    with_brief: bool = False
    decisions: Sequence[Mapping[str, Any]] = ()

    def file_name(self, ending: str) -> str:
        """``northwind-coffee-autumn-launch-strategy-4.md``: words of the names only, in any script."""
        words = re.findall(r"\w+", f"{self.context['client']} {self.context['project_name']}".lower())
        name = "-".join(words)[:_LONGEST_NAME].rstrip("-") or "project"
        return f"{name}-strategy-{self.revision['number']}.{ending}"

    @property
    def title(self) -> str:
        """What a printer's queue and a browser's tab call it."""
        return f"{self.context['project_name']}, strategy {self.revision['number']}"

    def markdown(self) -> str:
        """The text exactly as it was written, and below it what else was asked for."""
        parts = [self.revision["text"].rstrip("\n") + "\n"]
        if self.with_brief:
            parts.append("---\n\n## Brief\n")
            parts += [f"**{label}**\n\n{_plain(answer)}\n" for label, answer in self._answers()]
        if self.decisions:
            parts.append("---\n\n## Decisions\n")
            parts.append("".join(f"- {_plain(when)}: {_plain(what)}\n" for when, what in self._decided()))
        return "\n".join(parts)

    def html(self) -> str:
        """One file without anything outside of it: styles inside, no script, dark where the screen is dark."""
        parts = [self._head(), f'<main class="text">{safe.markdown_html(self.revision["text"])}</main>']
        if self.with_brief:
            rows = "".join(f"<dt>{label}</dt><dd>{safe.escape(answer)}</dd>" for label, answer in self._answers())
            parts.append(f'<section class="more"><h2>Brief</h2><dl>{rows}</dl></section>')
        if self.decisions:
            rows = "".join(
                f"<tr><td>{safe.escape(when)}</td><td>{safe.escape(what)}</td></tr>" for when, what in self._decided()
            )
            head = '<thead><tr><th scope="col">When</th><th scope="col">What</th></tr></thead>'
            parts.append(
                f'<section class="more"><h2>Decisions</h2><table>{head}<tbody>{rows}</tbody></table></section>'
            )
        return (
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            f"<title>{safe.escape(self.title)}</title>\n<style>\n{style('printed.css')}</style>\n</head>\n<body>\n"
            + "\n".join(parts)
            + "\n</body>\n</html>\n"
        )

    def _head(self) -> str:
        client = f"{safe.escape(self.context['client'])} · " if self.context["client"] else ""
        return (
            f'<header><p class="what">{client}{safe.escape(self.context["project_name"])}</p>'
            f"<p>{safe.escape(self._standing())}</p></header>"
        )

    def _standing(self) -> str:
        """Which revision it is, by whom, and what was decided about it: on paper it has to say so itself."""
        one = self.revision
        told = f"Strategy, revision {one['number']} by {one['author']}, {self._when(one['created_at'])}. "
        if one["in_force"]:
            told += "Approved and in force"
        else:
            told += {"DRAFT": "A draft: it waits for approval", "APPROVED": "Approved"}.get(
                one["status"], one["status"].capitalize()
            )
        if one["decided_by"] and one["decided_at"]:
            told += f": {one['decided_by']}, {self._when(one['decided_at'])}"
        why = f" Reason: {one['rejection_reason']}" if one["rejection_reason"] else ""
        return f"{told}.{why} Saved {self._when(now())} ({self.context['timezone']})."

    def _when(self, moment: datetime) -> str:
        return times.words(moment, self.context["timezone"])

    def _answers(self) -> list[tuple[str, str]]:
        answers = dict(self.context)
        return [(label, str(answers[name]).strip() or "Not said yet") for name, (label, _, _) in BRIEF.items()]

    def _decided(self) -> list[tuple[str, str]]:
        return [
            (self._when(datetime.fromisoformat(one["time"])), f"{one['event']}. {one['detail']}".strip())
            for one in self.decisions
        ]


def _plain(text: str) -> str:
    """A text that is no markdown, so that markdown shows it as it is."""
    return _MARKS.sub(r"\\\1", text).replace("\n", "  \n")
