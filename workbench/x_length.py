"""How long X thinks a text is: the weighted length of twitter-text v3. Pure.

The text is normalised to NFC. A link weighs 23, an emoji (however many code points it is made of) 2, the
letters and punctuation of most alphabets 1, everything else 2.

What X takes for a link is the hard part: ``example.com`` is one without any ``https://``, ``main.py`` (of
Paraguay) is one as well, ``#example.com`` and ``me@example.com`` are none. Here links are found in one pass
over the text; the published patterns backtrack, and take minutes for a long text without spaces.

The reference is X's own implementation (twitter-text 3.1.0). Two things differ on purpose. Emoji newer than it
(after Unicode 11) weigh 2 here too, as its rules say, where it counts their parts. And it looks for links in UTF-16,
so that one may begin in the middle of an emoji, as in ``#😷.co.uk``; here none does.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container, Iterator, Mapping
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

#: Top-level domains that came after X's published list, and those of the list that are gone since or never were.
UNKNOWN_TO_X: Final = frozenset({"amazon", "spa", "アマゾン", "亚马逊"})
KNOWN_TO_X_ALONE: Final = """
    active aigo an bl blanco bnl boots bq cartier chloe chrysler dodge doha doosan duns eh epost esurance everbank
    flsmidth goodhands honeywell htc iinet intel iselect iwc jlc ladbrokes lancome liaison mcd mcdonalds meo metlife mf
    mobily montblanc mopar movistar mtpc mutuelle nadex onion orientexpress pamperedchef panerai piaget rightathome sapo
    scor spiegel srt starhub statoil symantec telecity telefonica tp uconnect um vista vistaprint warman xperia zippo
    موبايلي 工行 手表 珠宝
"""

LONGEST_LINK: Final = 4096
LONGEST_LABEL: Final = 63
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
_IDEOGRAPHIC_STOPS = re.compile("[\u3002\uff0e\uff61]")
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
    length, position = 0, 0
    while position < len(text):
        end = _emoji_end(text, position)
        length += EMOJI_WEIGHT if end else _weight_of_character(text[position])
        position = end or position + 1
    return length


def _emoji_end(text: str, start: int) -> int:
    """Where the longest emoji of several code points that begins at ``start`` ends; 0 when there is none. One of a
    single code point weighs what its range says: 1 for © and ®, 2 for every other."""
    emoji, longest = _emoji()
    most = longest.get(text[start], 0)
    return next((end for end in range(start + most, start + 1, -1) if text[start:end] in emoji), 0)


@lru_cache(maxsize=1)
def _emoji() -> tuple[Container[str], Mapping[str, int]]:
    """The emoji of several code points, and how long the longest one is that begins with a given character. Joined
    ones count as one only in their full spelling, variation selectors included."""
    # Its tables take 50 ms to load: only for who needs them.
    from emoji import EMOJI_DATA, STATUS

    full = STATUS["fully_qualified"]
    found = frozenset(
        emoji
        for emoji, about in EMOJI_DATA.items()
        if len(emoji) > 1 and ("\u200d" not in emoji or about["status"] == full)
    )
    longest: dict[str, int] = {}
    for emoji in found:
        longest[emoji[0]] = max(longest.get(emoji[0], 0), len(emoji))
    return found, longest


def _weight_of_character(character: str) -> int:
    return 1 if any(low <= ord(character) <= high for low, high in LIGHT) else 2


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
def tlds() -> frozenset[str]:
    """The top-level domains that X knows, as they are read (not in Punycode): today's, as of its published list."""
    today = {name.lower().encode("ascii").decode("idna") for name in TLDS}
    return frozenset(today - UNKNOWN_TO_X | set(KNOWN_TO_X_ALONE.split()))


@lru_cache(maxsize=1)
def _ascii_tlds() -> frozenset[str]:
    return frozenset(name for name in tlds() if name.isascii())


@lru_cache(maxsize=1)
def _other_tlds() -> re.Pattern[str]:
    names = sorted((name for name in tlds() if not name.isascii()), key=len, reverse=True)
    return re.compile(f"(?:{'|'.join(map(re.escape, names))})(?![0-9a-zA-Z@+-])", re.IGNORECASE)


def _may_begin(text: str, position: int, resume: int) -> bool:
    if position == 0:
        return True
    return position > resume and _BEFORE.match(text, position - 1) is not None


def _confirmed(
    text: str, start: int, host_end: int, end: int, has_path: bool, has_protocol: bool
) -> Iterator[tuple[int, int]]:
    """The links in what looks like one: itself; the ASCII domains in it when it has no protocol; or none."""
    host = text[text.index("://", start) + 3 if has_protocol else start : host_end]
    protocol = text[start : text.index("://", start) + 3] if has_protocol else "https://"
    # The published code counts the protocol twice when there is one.
    if not _is_host(host) or len(protocol) + utf16_length(text[start:end]) > LONGEST_LINK:
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


def _is_host(host: str) -> bool:
    """Whether no label of ``host`` is empty or, written in ASCII, longer than 63. Letters are not looked at: the
    published code does not either."""
    if host.startswith("xn--") and not any(_ascii_domains(host)):
        return False
    return all(1 <= _ascii_length(label) <= LONGEST_LABEL for label in host.split("."))


def _ascii_length(label: str) -> int:
    """How long ``label`` is in Punycode. An ideographic full stop in it parts it without making it two labels."""
    parts = _IDEOGRAPHIC_STOPS.split(label)
    return (
        len(parts)
        - 1
        + sum(len(part) if part.isascii() else len("xn--") + len(part.encode("punycode")) for part in parts)
    )


def utf16_length(text: str) -> int:
    """The length of ``text`` as JavaScript counts it."""
    return len(text) + sum(character > "\uffff" for character in text)
