"""The report as one page: well-formed, self-contained, complete, and readable in a browser, on a
phone and on paper.
"""

import html
import math
import re
import shutil
import subprocess
from html.parser import HTMLParser

import numpy as np
import pytest
from pairs_to_tell import corrected, result_of, spread
from PIL import Image
from pretended import checked

from pyimpl.parity.case.inputs import arrays
from pyimpl.parity.explain import Explanation
from pyimpl.parity.locate.walk import Located, Stage
from pyimpl.parity.report.figures import (
    waterfall,
)
from pyimpl.parity.report.page import describe, describe_located, headline, write_html, write_page

VOID = {"meta", "link", "br", "hr", "img", "input", "rect", "line"}


BROWSER = next(
    (
        found
        for name in ("chromium", "chromium-browser", "google-chrome", "chrome")
        if (found := shutil.which(name))
    ),
    None,
)


WIDTHS = (360, 1280)


MEASURE = """<body style="margin: 0">
<iframe src="report.html" style="border: 0; width: {width}px; height: 800px"></iframe>
<script>addEventListener("load", () => {{
  const inside = document.querySelector("iframe").contentDocument, page = inside.documentElement;
  const wide = [...inside.body.querySelectorAll("*")].filter(
    part => !part.closest(".scroll, pre, svg")
      && part.getBoundingClientRect().right > page.clientWidth + 0.5);
  const tags = wide.map(part => part.tagName).join(",");
  document.title = page.scrollWidth + " " + page.clientWidth + " " + tags;
}})</script>"""


class Page(HTMLParser):
    """The structure of a page; complains where it is not well-formed."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.ids, self.links, self.text = [], [], [], [], []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        assert len(given) == len(attributes), f"{tag} has an attribute twice"
        self.tags.append((tag, given))
        self.ids += [given["id"]] if "id" in given else []
        self.links += [
            given[name] for name in ("href", "src", "action", "xlink:href") if name in given
        ]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] != "style":
            self.text.append(data)


@pytest.fixture(scope="module")
def located(results):
    pair, findings = results[1].pair, results[1].report.findings[:1]
    sizes = [
        ("Conv", 0.0, 1e-16),
        ("flatten", 1e-16, 0.0),
        ("<BatchNorm>", 1e-16, 4.2e-3),
        ("Dense", 4.2e-3, math.inf),
    ]
    stages = [
        Stage(
            str(i),
            kind,
            pair,
            {},
            [],
            {"float64": inherited},
            {"float64": added},
            {"float64": added},
            {"float64": inherited},
        )
        for i, (kind, inherited, added) in enumerate(sizes)
    ]
    stages[2].forward_findings = findings
    why = [Explanation("epsilon <outside> the root", "layer 2", "eps & root", "all agree", True)]
    return Located(
        "Chain & co",
        "my.jl: model",
        "live",
        {"Julia": "1.10.8"},
        stages,
        2,
        "forward",
        "the variance",
        why,
    )


@pytest.fixture(scope="module")
def written(results, located, tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "report.html"
    write_html(path, results, [located], title="Ported <models> & more")
    return path


def test_the_page_is_well_formed_and_needs_nothing_else(written):
    text = written.read_text(encoding="utf-8")
    page = Page(text)
    assert not re.search(r"https?:|url\(|@import|<script|<link", text)
    assert all(link.startswith("#") and link[1:] in page.ids for link in page.links)
    assert len(set(page.ids)) == len(page.ids)
    assert not {tag for tag, _ in page.tags} & {"script", "iframe", "img", "object", "b"}
    assert not any(name.startswith("on") for _, given in page.tags for name in given)


def test_every_failure_is_told(written, results):
    text = " ".join("".join(Page(written.read_text(encoding="utf-8")).text).split())
    assert "Ported <models> & more" in text
    assert "1 of 6 pairs agrees, 4 differ, 1 proves nothing" in text
    for number, result in enumerate(results, 1):
        assert result.pair.name in text and str(result.pair.julia) in text
        assert f'id="pair-{number}"' in written.read_text(encoding="utf-8")
    differing = results[1]
    worst = next(d for d in differing.report.findings[0].verdict.differences if not d.agrees)
    for said in (
        str(worst.python),
        str(worst.julia),
        f"{worst.what}[",
        "Julia corrects the <variance>",
        "15 of 15 cases agree & more",
        "possibly",
    ):
        assert said in text
    assert 'no <b>more</b> than "two" & no less' in text
    assert "zero, constant or within rounding in every case" in text
    for name, version in differing.versions.items():
        assert f"{name} {version}" in text or name in text and version in text


def test_every_stage_is_told_and_the_first_at_fault_is_named(located, written, tmp_path):
    text = "".join(Page(written.read_text(encoding="utf-8")).text)
    assert (
        "The first difference arises in stage 2, <BatchNorm>, forward, in the variance; it shows "
        "in " in text
    )
    assert "Chain & co" in text and "epsilon <outside> the root" in text
    assert text.count("← first") == 1
    forward, backward = describe_located(located)["walks"]
    assert [stage["name"] for stage in forward["stages"]] == [
        "0 Conv",
        "1 flatten",
        "2 <BatchNorm>",
        "3 Dense",
    ]
    assert [stage["name"] for stage in backward["stages"]] == [
        "3 Dense",
        "2 <BatchNorm>",
        "1 flatten",
        "0 Conv",
    ]
    for bars in (waterfall(forward["stages"]), waterfall(backward["stages"])):
        assert all(
            0 <= bar[width] <= 99 for bar in bars for width in ("inherited_width", "added_width")
        )
    write_html(tmp_path / "report.html", [], [located])
    assert "The models differ" in "".join(
        Page((tmp_path / "report.html").read_text(encoding="utf-8")).text
    )
    located = Located(
        "Chain",
        "model",
        "live",
        {},
        [Stage("0", "Dense", located.stages[0].pair, {}, [], {"float64": 0.0}, {"float64": 0.0})],
    )
    write_html(tmp_path / "report.html", [], [located])
    text = "".join(Page((tmp_path / "report.html").read_text(encoding="utf-8")).text)
    assert "The model agrees" in text and "No stage adds more than rounding" in text


def test_the_bundle_and_how_to_replay_it(results, tmp_path):
    result = result_of(spread, corrected, "n,batch", count=3)
    result.bundle = tmp_path / "a directory's" / "spread"
    write_html(tmp_path / "report.html", [result])
    text = html.unescape((tmp_path / "report.html").read_text(encoding="utf-8"))
    assert f"julia-parity explain '{str(tmp_path)}/a directory'\"'\"'s/spread'" in text


@pytest.mark.parametrize("count", [0, 1, 2])
def test_a_page_of_few_or_no_pairs(results, tmp_path, count):
    write_html(tmp_path / "report.html", results[:count])
    page = Page((tmp_path / "report.html").read_text(encoding="utf-8"))
    assert ["Nothing was checked", "The pair agrees", "1 of 2 pairs agrees, 1 differs"][
        count
    ] in "".join(page.text)


def test_headlines(results):
    said = [describe(result) for result in results]
    assert headline(said[:1] * 2) == "All 2 pairs agree"
    assert headline(said[1:2]) == "The pair differs"
    assert headline(said[1:4]) == "Of 3 pairs, 3 differ"
    assert headline(said[5:]) == "The pair proves nothing"


def browse(*arguments, cwd):
    if BROWSER is None:
        pytest.skip("no Chromium is on the PATH")
    quiet = [
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
        "--hide-scrollbars",
    ]
    command = [
        BROWSER,
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        *quiet,
        f"--user-data-dir={cwd / 'profile'}",
        *arguments,
    ]
    done = subprocess.run([*command], cwd=cwd, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_wider_than_the_screen(written, width):
    (written.parent / "measure.html").write_text(MEASURE.format(width=width), encoding="utf-8")
    wide = [
        "--allow-file-access-from-files",
        f"--window-size={max(width, 600)},900",
        "--virtual-time-budget=5000",
    ]
    dom = browse(
        *wide, "--dump-dom", (written.parent / "measure.html").as_uri(), cwd=written.parent
    )
    scrolled, shown, parts = re.search(r"<title>(\d+) (\d+) ([^<]*)</title>", dom).groups()
    assert int(scrolled) <= int(shown) <= width
    assert parts == ""


@pytest.mark.parametrize("size", [(1280, 900), (600, 800)])
def test_screenshot(written, size):
    picture = written.parent / f"screen-{size[0]}.png"
    browse(
        f"--window-size={size[0]},{size[1]}",
        f"--screenshot={picture}",
        written.as_uri(),
        cwd=written.parent,
    )
    with Image.open(picture) as image:
        assert image.width == size[0]
        assert len(image.convert("RGB").getcolors(1 << 24)) > 20


def test_printed(written):
    pdf = written.parent / "report.pdf"
    browse("--no-pdf-header-footer", f"--print-to-pdf={pdf}", written.as_uri(), cwd=written.parent)
    content = pdf.read_bytes()
    assert content.startswith(b"%PDF")
    assert 3 <= len(re.findall(rb"/Type\s*/Page\b", content)) <= 12


def test_pages_of_gathered_data_are_those_of_the_results(results, tmp_path):
    import json

    write_page(
        tmp_path / "gathered.html", json.loads(json.dumps([describe(result) for result in results]))
    )
    write_html(tmp_path / "direct.html", results)
    dated = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d")
    direct, gathered = (
        dated.sub("", (tmp_path / name).read_text(encoding="utf-8"))
        for name in ("direct.html", "gathered.html")
    )
    assert direct == gathered


def test_what_cannot_be_decided_is_neither_agreement_nor_difference(tmp_path):
    rng = np.random.default_rng(0)
    result = checked(lambda x: x * rng.random(), np.copy, arrays("n"))
    said = describe(result)
    assert said["verdict"] == "undecided" and "more than one result" in said["remarks"][0]
    assert headline([said]) == "The pair proves nothing"
    write_html(tmp_path / "report.html", [result])
    assert "more than one result" in (tmp_path / "report.html").read_text(encoding="utf-8")
