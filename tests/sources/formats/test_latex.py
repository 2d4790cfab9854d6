"""LaTeX: what a reader of the paper reads, formulas kept."""

from typing import TYPE_CHECKING

import pytest

from nightdesk.base.errors import DeskError
from nightdesk.sources.formats import latex
from nightdesk.sources.formats.converted import Converted, tidy

if TYPE_CHECKING:
    from tests.sources.conftest import Samples


def paper(samples: "Samples", source: str) -> Converted:
    """Return a LaTeX file converted."""
    return tidy(latex.convert(samples.file("a.tex", source), samples.folder / "assets", assets_link=""))


def body(samples: "Samples", source: str) -> str:
    """Return the Markdown of a document's body, white space at its ends dropped."""
    return paper(
        samples, f"\\documentclass{{article}}\\begin{{document}}\n{source}\n\\end{{document}}"
    ).markdown.strip()


@pytest.mark.parametrize(
    ("source", "markdown"),
    [
        ("one\ntwo % comment\nthree", "one two three"),
        ("50\\% of \\$5 \\& a\\_b \\#1", "50% of $5 & a_b #1"),
        ("``quoted'' -- and --- so~on\\,here", "“quoted” – and — so on here"),
        ("as shown~\\cite{a,b}. And~\\citep[see][p.~3]{c}.", "as shown. And."),
        ("see Section~\\ref{sec:intro}", "see Section intro"),
        ("\\textbf{bold} \\emph{it} \\texttt{x_i} {\\bf plain}", "**bold** *it* `x_i`  plain"),
        ("caf\\'e na\\\"{\\i}ve \\c{c}a Stra\\ss e \\LaTeX{} x", "café naïve ça Straße LaTeX x"),
        ("word\\footnote{A \\emph{note}.} next", "word (A *note*.) next"),
        ("\\section*{One \\emph{two}}\ntext\n\\subsection{Sub}\nmore",
         "## One *two*\n\ntext\n\n### Sub\n\nmore"),
        ("$x_i^2 < 3$ and \\(a\\) and \\[ b \\] end", "$x_i^2 < 3$ and $a$ and\n\n$$b$$\n\nend"),
        ("\\begin{equation}\\label{e} a = b \\end{equation}", "$$a = b$$"),
        ("\\begin{align} a &= b \\\\ c &= d \\nonumber \\end{align}",
         "$$\\begin{aligned} a &= b \\\\ c &= d \\end{aligned}$$"),
        ("\\begin{itemize}\\item one\n two\\item[L] three\\end{itemize}", "- one two\n- L:  three"),
        ("\\begin{enumerate}\\item a\\begin{itemize}\\item b\\end{itemize}\\item c\\end{enumerate}",
         "1. a\n\n  - b\n\n2. c"),
        ("\\begin{verbatim}\n% kept {\\x}\n\\end{verbatim}", "```\n% kept {\\x}\n```"),
        ("\\verb|a_b| and \\href{https://x.y}{link}", "`a_b` and [link](https://x.y)"),
        ("\\begin{tabular}{lr}\\toprule a & b \\\\ \\midrule 1 & 2 \\\\ \\bottomrule\\end{tabular}",
         "| a | b |\n| --- | --- |\n| 1 | 2 |"),
        ("a \\begin{tikzpicture}\\draw (0,0);\\end{tikzpicture} b", "a  b"),
        ("line \\\\broken", "line broken"),
        ("List<T> <!-- page 3 -->", "List\\<T> \\<!– page 3 –>"),
        ("\\begin{figure}\\includegraphics[width=1cm]{x}\\caption{What it shows.}\\end{figure}", "What it shows."),
    ],
)  # fmt: skip
def test_body(samples: "Samples", source: str, markdown: str) -> None:
    assert body(samples, source) == markdown


def test_head(samples: "Samples") -> None:
    found = paper(
        samples,
        "\\documentclass{article}\\newcommand{\\R}{\\mathbb{R}}\\title{On \\emph{Muon}}"
        '\\author{Ada L\\"ovelace\\thanks{x} \\and Bob}\\date{2025-03-01}\n'
        "\\begin{document}\\maketitle\\begin{abstract}Short, in $\\R$.\\end{abstract}\\input{other}\\end{document}",
    )
    assert (found.title, found.author, found.published) == ("On Muon", "Ada Lövelace, Bob", "2025-03-01")
    assert found.markdown == "# On Muon\n\n## Abstract\n\nShort, in $\\mathbb{R}$.\n"
    assert found.notes == ("1 included files were not followed",)


def test_included_files_are_not_read(samples: "Samples") -> None:
    samples.file("secret.tex", "SECRET")
    assert "SECRET" not in body(samples, "x \\input{secret} \\include{/etc/passwd}")


@pytest.mark.parametrize(
    "source",
    [
        "\\begin{equation}" * 3000,
        "\\begin{itemize}" * 3000 + "\\item x",
        "{" * 50_000,
        "\\textbf{" * 3000,
        "$" * 9999,
        "\\title{" + "x" * 100_000,
        "\\\\" * 50_000,
        "\\def\\a{\\b\\b\\b\\b}\\def\\b{\\a\\a\\a\\a} \\a" + "\\a\\b" * 1000,  # a bomb of macros
        "\\verb" * 9999,
        "\\begin{tabular}{l} & & \\\\ \\end{tabular}",
    ],
    ids=lambda source: source[:15],
)
def test_hostile_sources_end(samples: "Samples", source: str) -> None:
    try:
        assert len(body(samples, f"text {source}")) < 2_000_000
    except RecursionError:
        pytest.fail("recursion without bound")


def test_too_long(samples: "Samples", monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(latex, "MAX_CHARACTERS", 10)
    with pytest.raises(DeskError, match="is longer than 10 characters"):
        body(samples, "x" * 20)
