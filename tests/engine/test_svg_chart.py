"""Charts are well-formed, whatever the labels hold."""

from __future__ import annotations

from xml.etree import ElementTree

from verdigris.engine.svg_chart import Bar, Panel, bar_chart

SVG = "{http://www.w3.org/2000/svg}"


def test_bars_are_as_long_as_their_values_say() -> None:
    panel = Panel("texts a second", (Bar("a", 50), Bar("b", 100, 1), Bar("none", 0)))
    chart = ElementTree.fromstring(bar_chart("<title> & more", [panel, Panel("empty", ())], "on x"))
    bars = chart.findall(f"{SVG}rect")[1:]
    widths = [float(bar.attrib["width"]) for bar in bars]
    assert widths[1] == 2 * widths[0]
    assert widths[2] == 1
    assert bars[0].attrib["fill"] != bars[1].attrib["fill"]
    texts = [text.text for text in chart.iter(f"{SVG}text")]
    assert texts[0] == "<title> & more"
    assert {"a", "50", "b", "100", "empty", "on x"} <= set(texts)


def test_everything_lies_inside_the_picture() -> None:
    footer = "processor " * 30 + "end"
    bars = tuple(Bar(f"label {number}", number) for number in range(1, 9))
    chart = ElementTree.fromstring(bar_chart("t", [Panel("p", bars, digits=2)] * 3, footer))
    width, height = float(chart.attrib["width"]), float(chart.attrib["height"])
    for bar in chart.iter(f"{SVG}rect"):
        right = float(bar.attrib.get("x", 0)) + float(bar.attrib["width"])
        bottom = float(bar.attrib.get("y", 0)) + float(bar.attrib["height"])
        assert right <= width
        assert bottom <= height
    footers = [text.text for text in chart.iter(f"{SVG}text") if text.get("class") == "footer"]
    assert " ".join(str(line) for line in footers) == footer
    assert max(len(str(line)) for line in footers) < 140
    assert all(float(text.attrib["y"]) < height for text in chart.iter(f"{SVG}text"))


def test_of_a_long_label_the_end_is_shown() -> None:
    label = "verdigris, /a/very/long/folder/with/many/parts/model"
    chart = bar_chart("t", [Panel("p", (Bar(label, 1),))], "")
    assert "parts/model</text>" in chart
    assert label not in chart
