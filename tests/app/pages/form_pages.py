"""What tests of pages with forms share: a form as a browser would send it, and the page that an answer leads to."""

import html
import re


def text(answer, status=200):
    assert answer.status_code == status, (answer.status, answer.get_data(as_text=True)[-600:])
    return html.unescape(answer.get_data(as_text=True))


def followed(page, answer):
    assert answer.status_code == 303, text(answer, answer.status_code)
    return text(page.get(answer.headers["Location"]))


def typed(answer):
    """What a browser would send of the form as it is shown."""
    form = re.search(r'<form method="post" class="card.*?</form>', answer.get_data(as_text=True), re.DOTALL)[0]
    given = re.findall(r'<input[^>]* name="([^"]*)" (?:list="[^"]*" )?value="([^"]*)"', form)
    for name, choices in re.findall(r'<select[^>]* name="([^"]*)"[^>]*>(.*?)</select>', form, re.DOTALL):
        given += [(name, value) for value in re.findall(r'value="([^"]*)" selected', choices)]
    given += re.findall(r'<textarea[^>]* name="([^"]*)"[^>]*>(.*?)</textarea>', form, re.DOTALL)
    return {name: html.unescape(value) for name, value in given if name != "csrf_token"}


def button(shown, action):
    """What the small form of that action sends: its hidden fields."""
    form = re.search(rf'<form method="post" action="{re.escape(action)}".*?</form>', shown, re.DOTALL)[0]
    return dict(re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', form))
