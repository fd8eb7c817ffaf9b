package engine

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
)

func TestQueuedInputsKeepWhatMustNotBeShown(t *testing.T) {
	t.Parallel()
	for _, input := range []string{`{}`, `null`, ` [1]`, `"\u0000"`} {
		for _, sensitive := range [][]string{nil, {"a"}, {"session=\x000123", "é\"\xe2\x28", ""}} {
			packed, err := packInput(json.RawMessage(input), sensitive)
			require.NoError(t, err)
			back, values, err := unpackInput(packed)
			require.NoError(t, err)
			require.Equal(t, input, string(back))
			require.Len(t, values, len(sensitive))
		}
	}
	packed, err := packInput(json.RawMessage(`1`), []string{"session=0123", "0123"})
	require.NoError(t, err)
	_, values, err := unpackInput(packed)
	require.NoError(t, err)
	require.Equal(t, []string{"session=0123", "0123"}, values)
	for cut := 1; cut < len(packed)-1; cut++ {
		_, _, err = unpackInput(packed[:cut])
		require.Error(t, err)
	}
	old, values, err := unpackInput([]byte(`{"from":"before"}`))
	require.NoError(t, err)
	require.JSONEq(t, `{"from":"before"}`, string(old))
	require.Empty(t, values)
}

// sent is a request of HTTP.
type sent struct {
	request   model.HTTPRequest
	sensitive []string
}

func (s sent) HTTPRequest() (model.HTTPRequest, []string) { return s.request, s.sensitive }

func TestQueuedRunsKeepTheirRequest(t *testing.T) {
	t.Parallel()
	origin := sent{
		model.HTTPRequest{
			Method: "POST", URL: "http://h/?latin=\xfc&q=%zz", Headers: json.RawMessage(`{"Cookie":"session=0123"}`),
			Body: []byte(`{"function_name":"f", "input_data": {"n": 1.0},"x":"` + strings.Repeat("x", 2000) + `"}`),
		},
		[]string{"session=0123"},
	}
	for _, input := range []string{`{"n": 1.0}`, `{"n":2}`, `{}`} {
		packed, err := packRequest(&RunRequest{Input: json.RawMessage(input), Sensitive: []string{"more"}, Origin: origin})
		require.NoError(t, err)
		var back RunRequest
		require.NoError(t, unpackRequest(packed, &back))
		require.Equal(t, input, string(back.Input))
		require.Equal(t, []string{"session=0123", "more"}, back.Sensitive)
		request, sensitive := back.Origin.HTTPRequest()
		require.Equal(t, origin.request, request)
		require.Empty(t, sensitive)
		for cut := 1; cut < len(packed)-len(input)-1; cut += 7 {
			require.Error(t, unpackRequest(packed[:cut], &back))
		}
	}
	packed, err := packRequest(&RunRequest{Input: origin.request.Body, Origin: origin})
	require.NoError(t, err)
	require.Less(t, len(packed), len(origin.request.Body)+300, "the content of the body is stored once")
	var back RunRequest
	require.NoError(t, unpackRequest([]byte(`{"from":"before"}`), &back))
	require.Nil(t, back.Origin)
}

func FuzzUnpackRequest(f *testing.F) {
	f.Add([]byte("\x01\x15{\"at\":0,\"size\":2}....\x02{}"))
	f.Add([]byte("\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"))
	f.Fuzz(func(t *testing.T, packed []byte) {
		var first, second RunRequest
		if unpackRequest(packed, &first) != nil || first.Origin == nil {
			return
		}
		again, err := packRequest(&first)
		if err != nil {
			return
		}
		require.NoError(t, unpackRequest(again, &second))
		require.Equal(t, string(first.Input), string(second.Input))
		one, _ := first.Origin.HTTPRequest()
		other, _ := second.Origin.HTTPRequest()
		require.Equal(t, string(one.Body), string(other.Body))
		require.Equal(t, one.URL, other.URL)
	})
}

func FuzzUnpackInput(f *testing.F) {
	f.Add([]byte("\x00\x02[]{}"))
	f.Add([]byte("\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"))
	f.Add([]byte("{}"))
	f.Fuzz(func(t *testing.T, packed []byte) {
		input, sensitive, err := unpackInput(packed)
		if err != nil || len(sensitive) == 0 {
			return
		}
		again, err := packInput(input, sensitive)
		require.NoError(t, err)
		back, values, err := unpackInput(again)
		require.NoError(t, err)
		require.Equal(t, string(input), string(back))
		require.Equal(t, sensitive, values)
	})
}
