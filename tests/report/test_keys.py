from __future__ import annotations

import pytest


def test_a_question_mark_lists_the_keys_and_escape_closes_the_list(opened, explored):
    page = opened(explored)

    page.keyboard.press("?")
    assert page.locator("#keys").is_visible()
    said = page.inner_text("#keys")
    assert "search clips" in said
    assert "on the map: nearest clip that way" in said
    page.keyboard.press("Escape")
    assert page.locator("#keys").is_hidden()
    page.click("#keys-open")
    page.get_by_role("button", name="Close").click()
    assert page.locator("#keys").is_hidden()


def test_j_and_k_go_from_section_to_section(opened, explored):
    page = opened(explored)
    names = page.evaluate("[...document.querySelectorAll('main > section')].map((one) => one.id)")

    went = []
    for key in "jjjk":
        page.keyboard.press(key)
        went.append(page.evaluate("document.activeElement.id"))

    assert went == [names[0], names[1], names[2], names[1]]


def test_letters_in_a_field_and_shortcuts_of_the_browser_are_left_alone(opened, explored):
    page = opened(explored)

    page.focus("#search-field")
    page.keyboard.type("?j")
    assert page.input_value("#search-field") == "?j"
    assert page.locator("#keys").is_hidden()


@pytest.mark.parametrize("width", [1280, 400])
def test_nothing_is_wider_than_the_window(opened, explored, width):
    page = opened(explored, width=width)
    page.fill("#search-field", "street")

    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_every_control_has_a_name(opened, explored):
    page = opened(explored)

    nameless = page.evaluate(
        "[...document.querySelectorAll('button, input, select, [tabindex=\"0\"], svg[role=img]')].filter((one) =>"
        " !(one.getAttribute('aria-label') || one.textContent.trim() || one.labels?.[0]?.textContent.trim()))"
        ".map((one) => one.outerHTML.slice(0, 80))"
    )
    assert nameless == []
