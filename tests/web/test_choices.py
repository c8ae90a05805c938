import pytest
from django.test import Client


@pytest.fixture
def client(db: None) -> Client:
    return Client(headers={"accept-language": "en"})


def test_the_choice_of_light_or_dark_stays(client: Client) -> None:
    assert "data-theme" not in client.get("/").content.decode()
    answer = client.post("/theme/", {"theme": "dark", "next": "/"})
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert 'data-theme="dark"' in client.get("/").content.decode()
    client.post("/theme/", {"theme": "", "next": "/"})
    assert "data-theme" not in client.get("/").content.decode()


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_a_choice_leads_nowhere_else(client: Client, elsewhere: str) -> None:
    assert client.post("/theme/", {"theme": "dark", "next": elsewhere})["Location"] == "/"


def test_a_theme_that_does_not_exist_is_none(client: Client) -> None:
    client.cookies["theme"] = '"><script>'
    assert "data-theme" not in client.get("/").content.decode()


@pytest.mark.parametrize(
    ("code", "said"), [("zh-hans", "还没有生效的合同"), ("zh-hant", "還沒有生效的合同"), ("en", "No contract")]
)
def test_the_choice_of_language_stays(client: Client, code: str, said: str) -> None:
    client.post("/language/", {"language": code, "next": "/"})
    page = client.get("/").content.decode()
    assert said in page
    assert f'<html lang="{code[:3]}' in page or code == "en"
