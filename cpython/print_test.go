package cpython

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPrintsBecomeLines(t *testing.T) {
	t.Parallel()
	st := setup(t, "prints", `import sys
def prints(input):
    print("one", "two")
    print("a", end="")
    print("b\nc\n\nd", file=sys.stderr)
    inner({})
    print(" still a")
    sys.stdout.write("lone \ud800")
    sys.stdout.buffer.write("é".encode())
    return [sys.stdout.isatty(), sys.stdout.encoding, sys.stdout.write("")]
`, "inner", `def inner(input):
    print("in a step")
`)
	require.JSONEq(t, `[false,"utf-8",0]`, st.output("prints", "{}"))
	require.Equal(t, []line{
		{0, "stdout", "", "one two", ""},
		{0, "stderr", "", "b", ""},
		{0, "stderr", "", "c", ""},
		{0, "stderr", "", "", ""},
		{0, "stderr", "", "d", ""},
		{1, "stdout", "", "in a step", ""},
		{0, "stdout", "", "a still a", ""},
		{0, "stdout", "", `lone \ud800é`, ""},
	}, st.printed())
}

func TestLoggingKeepsItsLevels(t *testing.T) {
	t.Parallel()
	st := setup(t, "logs", `import logging
def logs(input):
    logging.info("information %d", 1)
    logging.debug("hidden")
    logging.basicConfig(level=logging.DEBUG)
    logging.getLogger("mine").debug("shown")
    try:
        1 / 0
    except ZeroDivisionError:
        logging.exception("caught")
    return input()
`)
	require.Equal(t, "TypeError", st.failure("logs", "{}").Type)
	lines := st.printed()
	require.Len(t, lines, 3)
	require.Equal(t, line{0, "", "info", "information 1", ""}, lines[0])
	require.Equal(t, line{0, "", "debug", "shown", `{"logger":"mine"}`}, lines[1])
	require.Equal(t, "error", lines[2].Level)
	require.Contains(t, lines[2].Text, "caught\nTraceback (most recent call last):\n")
}

// What basicConfig() asks for beside the console gets the lines as well.
func TestLoggingGoesWhereItIsSent(t *testing.T) {
	t.Parallel()
	st := setup(t, "captures", `import io, logging, sys
text = io.StringIO()
logging.basicConfig(level=logging.DEBUG, format="%(levelname)s-%(message)s", stream=text)
logging.basicConfig(stream=io.StringIO())  # the first one counts, as in a script
def captures(input):
    logging.debug("one")
    logging.getLogger("mine").info("two")
    return [text.getvalue(), len(logging.root.handlers)]
`)
	require.JSONEq(t, `["DEBUG-one\nINFO-two\n",2]`, st.output("captures", "{}"))
	require.Equal(t, []line{{0, "", "debug", "one", ""}, {0, "", "info", "two", `{"logger":"mine"}`}}, st.printed())

	st = setup(t, "files", `import logging, os, sys
def files(folder):
    name = os.path.join(folder, "app.log")
    logging.basicConfig(filename=name, filemode="w", format="%(name)s:%(message)s", encoding="utf-8")
    logging.info("é")
    with open(name, encoding="utf-8") as file:
        return file.read()
`, "console", `import logging, sys
logging.basicConfig(handlers=[logging.StreamHandler(), logging.StreamHandler(sys.stdout), logging.StreamHandler(sys.__stdout__)])
def console(input):
    logging.info("once")
    try:
        logging.basicConfig(filename="a", stream=sys.stderr)
    except ValueError as error:
        return [len(logging.root.handlers), "together" in str(error)]
`)
	require.JSONEq(t, `[1,true]`, st.output("console", "{}"))
	require.Equal(t, []line{{0, "", "info", "once", ""}}, st.printed())
	require.JSONEq(t, `"root:é\n"`, st.output("files", fmt.Sprintf("%q", t.TempDir())))
}

func TestInputMeetsItsEnd(t *testing.T) {
	t.Parallel()
	st := setup(t, "asks", `def asks(value):
    return input("? ")
`)
	require.Equal(t, "EOFError", st.failure("asks", "{}").Type)
}
