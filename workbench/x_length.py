"""How long X thinks a text is: the weighted length of twitter-text v3. Pure.

The text is normalised to NFC. A link weighs 23, an emoji (however many code points it is made of) 2, the
letters and punctuation of most alphabets 1, everything else 2.

What X takes for a link is the hard part: ``example.com`` is one without any ``https://``, ``main.py`` (of
Paraguay) is one as well, ``#example.com`` and ``me@example.com`` are none. Here links are found in one pass
over the text; the published patterns backtrack, and take minutes for a long text without spaces.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from linkify_it.tlds import TLDS

LIMIT: Final = 280
LINK_WEIGHT: Final = 23
EMOJI_WEIGHT: Final = 2
#: Code points that weigh 1; all others weigh 2.
LIGHT: Final = ((0x0000, 0x10FF), (0x2000, 0x200D), (0x2010, 0x201F), (0x2032, 0x2037))
#: Characters that X refuses in a post.
REFUSED: Final = "\ufffe\ufeff\uffff"

LONGEST_LINK: Final = 4096
LONGEST_TCO_SLUG: Final = 40

# Classes of characters, to be put inside [ ].
_LATIN_ACCENTS = (
    "\\u00c0-\\u00d6\\u00d8-\\u00f6\\u00f8-\\u024f\\u0253\\u0254\\u0256\\u0257\\u0259\\u025b\\u0263\\u0268"
    "\\u026f\\u0272\\u0289\\u028b\\u02bb\\u0300-\\u036f\\u1e00-\\u1eff"
)
_DIRECTION = "\\u202a-\\u202e\\u061c\\u200e\\u200f\\u2066-\\u2069"
_SPACES = "\\t-\\r \\u0085\\u00a0\\u1680\\u180e\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000"
_NOT_IN_LABELS = "!'#%&()*+,\\\\\\-./:;<=>?@\\[\\]^_{|}~$" + _SPACES + REFUSED + _DIRECTION
_IN_PATH = "a-z0-9\\u0400-\\u04ff!*';:=+,.$/%#\\[\\]\\-\\u2013_~@|&" + _LATIN_ACCENTS
_ENDS_PATH = "a-z0-9\\u0400-\\u04ff+\\-=_#/" + _LATIN_ACCENTS
_IN_QUERY = "a-z0-9!?*'@();:&=+$/%#\\[\\]\\-_.,~|"

#: The longest stretch that could hold host names: labels, dots, hyphens and underscores.
_HOSTS = re.compile(f"(?:[^{_NOT_IN_LABELS}]|[._-])+")
_LABEL_CHARACTER = re.compile(f"[^{_NOT_IN_LABELS}]")
_PROTOCOL = re.compile(r"https?://\Z", re.IGNORECASE)
#: What may stand before a link.
_BEFORE = re.compile(f"[^A-Za-z0-9@\uff20$#\uff03{REFUSED}]|[{_DIRECTION}]")
_PARENTHESES = f"\\((?:[{_IN_PATH}]+|[{_IN_PATH}]*\\([{_IN_PATH}]+\\)[{_IN_PATH}]*)\\)"
_REST = re.compile(
    "(?::[0-9]+)?"
    f"(?P<path>/(?:(?:[{_IN_PATH}]|{_PARENTHESES})*[{_ENDS_PATH}]|(?:{_PARENTHESES})+)*)?"
    f"(?:\\?[{_IN_QUERY}]*[a-z0-9\\-_&=#/])?",
    re.IGNORECASE,
)
_TCO = re.compile(f"https?://t\\.co/([a-z0-9]+)(?:\\?[{_IN_QUERY}]*[a-z0-9\\-_&=#/])?", re.IGNORECASE)
_ASCII_LABELS = re.compile(f"(?:[-a-z0-9{_LATIN_ACCENTS}]+\\.)+", re.IGNORECASE)
_ASCII_WORD = re.compile("[A-Za-z0-9]+")
_PUNYCODE = re.compile("xn--[-0-9a-z]+", re.IGNORECASE)


def weighted_length(text: str) -> int:
    """What ``text`` counts against X's limit of 280."""
    plain = unicodedata.normalize("NFC", text).replace("\r\n", "\n")
    links = list(_links(plain))
    length, position = 0, 0
    for start, end in [*links, (len(plain), len(plain))]:
        length += _weight_between(plain[position:start])
        position = end
    return length + LINK_WEIGHT * len(links)


def _weight_between(text: str) -> int:
    if text.isascii():
        return len(text)
    # Its tables take 50 ms to load: only for who needs them.
    from emoji import emoji_list

    length, position = 0, 0
    for found in emoji_list(text):
        start, end = found["match_start"], found["match_end"]
        if end - start == 1:
            continue  # a single code point weighs what its range says: 1 for © and ®, 2 for every other emoji
        length += _weight_of_characters(text[position:start]) + EMOJI_WEIGHT
        position = end
    return length + _weight_of_characters(text[position:])


def _weight_of_characters(text: str) -> int:
    return sum(1 if any(low <= ord(c) <= high for low, high in LIGHT) else 2 for c in text)


def _links(text: str) -> Iterator[tuple[int, int]]:
    """Start and end of every link. ``resume`` is the first character that what came before has not used up."""
    resume = 0
    for stretch in _HOSTS.finditer(text):
        if "." not in stretch[0] or stretch.end() <= resume:
            continue
        labels = _labels(text, stretch.start(), stretch.end())
        reach = _reach(text, labels)
        number = 0
        while found := _next_host(text, labels, reach, number, resume):
            start, host_end, has_protocol = found
            rest = _REST.match(text, host_end)
            assert rest is not None  # every part of it is optional
            yield from _confirmed(text, start, host_end, rest.end(), bool(rest["path"]), has_protocol)
            resume = rest.end()
            while number < len(labels) and labels[number][1] < resume:
                number += 1


def _next_host(
    text: str, labels: list[tuple[int, int]], reach: list[int], number: int, resume: int
) -> tuple[int, int, bool] | None:
    """The first host name from label ``number`` on: where its link begins, where the host ends, whether
    ``https://`` leads."""
    first = labels[0][0]
    protocol = _PROTOCOL.search(text, max(resume, first - len("https://")), first) if number == 0 else None
    if protocol and _may_begin(text, protocol.start(), resume):
        host_end = _host_end(text, first, labels, 0, reach)
        if host_end:
            return protocol.start(), host_end, True
    for here in range(number, len(labels) - 1):
        label_start, label_end = labels[here]
        if not reach[here + 1]:
            if not _tld_end(text, label_end + 1):
                continue
            # This label would be the name before the top-level domain, which holds no underscore.
            label_start = max(label_start, text.rfind("_", label_start, label_end) + 1)
        for position in _order(text, max(label_start, resume), label_end):
            if _may_begin(text, position, resume):
                host_end = _host_end(text, position, labels, here, reach)
                if host_end:
                    return position, host_end, False
    return None


def _order(text: str, start: int, end: int) -> Iterator[int]:
    """Where a host may begin, in the order of trying: as what stands before the text there is nothing at all,
    which is tried after its first character was."""
    if start == 0 and end > 1 and _BEFORE.match(text):
        yield from (1, 0)
        start = 2
    yield from range(start, end)


def _labels(text: str, start: int, end: int) -> list[tuple[int, int]]:
    labels, position = [], start
    for label in text[start:end].split("."):
        labels.append((position, position + len(label)))
        position += len(label) + 1
    return labels


def _reach(text: str, labels: list[tuple[int, int]]) -> list[int]:
    """For each label, where the longest host that begins with all of it ends; 0 where none does."""
    reach = [0] * len(labels)
    for number in range(len(labels) - 2, -1, -1):
        start, end = labels[number]
        if start < end and _LABEL_CHARACTER.match(text, start) and _LABEL_CHARACTER.match(text, end - 1):
            reach[number] = reach[number + 1] or _name_and_tld(text, start, end)
    return reach


def _host_end(text: str, position: int, labels: list[tuple[int, int]], number: int, reach: list[int]) -> int:
    """Where the longest host that begins at ``position``, in label ``number``, ends; 0 when there is none."""
    end = labels[number][1]
    if not (_LABEL_CHARACTER.match(text, position) and _LABEL_CHARACTER.match(text, end - 1)):
        return 0
    return reach[number + 1] or _name_and_tld(text, position, end)


def _name_and_tld(text: str, start: int, end: int) -> int:
    """Where ``name.tld`` ends, of which the name stands between ``start`` and ``end``; 0 when it is none."""
    if "_" in text[start:end]:  # allowed in subdomains only
        return 0
    return _tld_end(text, end + 1)


def _tld_end(text: str, start: int) -> int:
    word = _ASCII_WORD.match(text, start)
    if word and word[0].lower() in _ascii_tlds() and text[word.end() : word.end() + 1] not in ("@", "+", "-"):
        return word.end()
    other = _other_tlds().match(text, start) or _PUNYCODE.match(text, start)
    return other.end() if other else 0


@lru_cache(maxsize=1)
def _ascii_tlds() -> frozenset[str]:
    return frozenset(name.lower() for name in TLDS if not name.lower().startswith("xn--"))


@lru_cache(maxsize=1)
def _other_tlds() -> re.Pattern[str]:
    names = [n.lower().encode("ascii").decode("idna") for n in TLDS if n.lower().startswith("xn--")]
    alternatives = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    return re.compile(f"(?:{alternatives})(?![0-9a-zA-Z@+-])", re.IGNORECASE)


def _may_begin(text: str, position: int, resume: int) -> bool:
    if position == 0:
        return True
    return position > resume and _BEFORE.match(text, position - 1) is not None


def _confirmed(
    text: str, start: int, host_end: int, end: int, has_path: bool, has_protocol: bool
) -> Iterator[tuple[int, int]]:
    """The links in what looks like one: itself; the ASCII domains in it when it has no protocol; or none."""
    host = text[text.index("://", start) + 3 if has_protocol else start : host_end]
    protocol_length = 0 if has_protocol else len("https://")
    if not _encodable(host) or protocol_length + end - start + _growth(host) > LONGEST_LINK:
        return
    if has_protocol:
        tco = _TCO.match(text[start:end])
        if tco and len(tco[1]) > LONGEST_TCO_SLUG:
            return
        yield start, start + tco.end() if tco else end
        return
    if start and text[start - 1] in "-_./":
        return
    domains = list(_ascii_domains(host))
    for number, (first, last) in enumerate(domains):
        # A path belongs to the last domain, and is counted as standing right behind it, even where letters that
        # are not ASCII stand between.
        is_last = number == len(domains) - 1
        yield start + first, start + last + (end - host_end if is_last and has_path else 0)


def _ascii_domains(host: str) -> Iterator[tuple[int, int]]:
    position = 0
    while labels := _ASCII_LABELS.search(host, position):
        # The longest run of labels whose next one is a top-level domain.
        dots = [i for i in range(labels.start(), labels.end()) if host[i] == "."]
        end = next((tld for dot in reversed(dots) if (tld := _tld_end(host, dot + 1))), 0)
        if end:
            yield labels.start(), end
        position = end or labels.end()


def _encodable(host: str) -> bool:
    """Whether ``host`` is a host name once its letters are written in ASCII: no label above 63."""
    if len(host) > LONGEST_LINK:
        return False
    try:
        return bool(host.encode("idna"))
    except UnicodeError:
        return False


def _growth(host: str) -> int:
    return len(host.encode("idna")) - len(host)
