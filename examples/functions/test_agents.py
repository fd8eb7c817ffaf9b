import json

import pytest

MODEL = "https://model.example.com/v1"


@pytest.fixture
def model(maestro):
    """Stands in for the language model: answers in turn, and keeps what it was asked."""
    answers, asked = [], []

    def answer(input):
        asked.append(input)
        return answers.pop(0)

    maestro.replace("ask_model", answer)
    return answers, asked


def called(name, **arguments):
    return {"role": "assistant", "content": None, "tool_calls": [{"id": "1", "function": {"name": name, "arguments": json.dumps(arguments)}}]}


def said(text):
    return {"role": "assistant", "content": text}


def test_answer_as_it_is_written(maestro, to_webhook):
    maestro.replace("stream_model", lambda input: iter(["Hel", "lo"]))
    run = maestro.run("chat_webhook", to_webhook("chat", {"prompt": "Greet me"}))
    assert run.result == ["Hel", "lo"]
    assert run.steps[0].input == {"model_url": "https://example.com/api/v1/h/example-chat", "prompt": "Greet me"}


def test_tools(maestro, model):
    answers, asked = model
    answers += [called("is_even", number=42), said("42 is even.")]
    run = maestro.run("use_tools", {"model_url": MODEL, "question": "Is 42 even?", "tools": ["is_even"]})
    assert run.result == {"answer": "42 is even.", "messages": 4}
    assert run.calls("is_even")[0].output is True
    assert asked[1]["messages"][-1] == {"role": "tool", "tool_call_id": "1", "content": "true"}


def test_tool_that_was_not_given(maestro, model):
    model[0].append(called("notify_team", message="hello"))
    run = maestro.run("use_tools", {"model_url": MODEL, "question": "Is 42 even?", "tools": ["is_even"]})
    assert "which it was not given" in run.error.message
    assert not run.calls("notify_team")


def test_hundred_questions_at_once(maestro):
    maestro.replace("ask_model", lambda input: said(f"about {input['messages'][0]['content']}"))
    prompts = [str(n) for n in range(100)]
    run = maestro.run("ask_many", {"model_url": MODEL, "prompts": prompts})
    assert run.result == [f"about {prompt}" for prompt in prompts]
    assert len(run.calls("ask_model")) == 100


def test_webhook_of_the_agents(maestro, model, to_webhook):
    model[0].append(said("yes"))
    run = maestro.run("agents_webhook", to_webhook("ask-many", {"prompts": ["Is it?"]}))
    assert run.result == ["yes"]
    assert [step.function for step in run.steps] == ["ask_many", "ask_model"]


@pytest.mark.parametrize("stream", [False, True])
def test_model_of_the_examples(maestro, to_webhook, stream):
    body = {"messages": [{"role": "user", "content": "Hello there"}], "stream": stream}
    result = maestro.run("example_chat_webhook", to_webhook("example-chat/chat/completions", body)).result
    if stream:
        assert result[-1] == "data: [DONE]\n\n"
        assert len(result) == 5
    else:
        assert result["choices"][0]["message"]["content"] == "You asked: Hello there"
