#include "request.h"

#include "border.h"
#include "error.h"
#include "frame.h"

#include "go_gate.h"

static PyObject *tuple_of(struct maestro_interp *in, const struct maestro_request *request) {
    static const size_t whole = 0; // the headers are looked up in any case
    const struct maestro_json_how how = {.offsets = &whole, .count = 1};
    PyObject *method = maestro_str(&request->method), *url = maestro_str(&request->url);
    PyObject *headers = maestro_json_load(&in->json, request->headers.data, request->headers.size, "headers", &how);
    PyObject *body = py.PyBytes_FromStringAndSize(request->body.data, (Py_ssize_t)request->body.size);
    PyObject *tuple = method && url && headers && body ? py.PyTuple_Pack(4, method, url, headers, body) : NULL;
    py.Py_DecRef(method);
    py.Py_DecRef(url);
    py.Py_DecRef(headers);
    py.Py_DecRef(body);
    return tuple;
}

PyObject *maestro_request_of(PyObject *module, PyObject *unused) {
    struct maestro_interp *in = maestro_of(module);
    uint64_t current = maestro_frame(in);
    struct maestro_request request = {0};
    struct maestro_raise raise = {0};
    PyThreadState *state = py.PyEval_SaveThread();
    maestro_go_request(in->id, current, &request, &raise);
    py.PyEval_RestoreThread(state);
    PyObject *answer = NULL;
    if (raise.kind)
        maestro_raise_now(in, &raise);
    else
        answer = request.found ? tuple_of(in, &request) : py.Py_NewRef(py.None);
    maestro_text_free(&request.method);
    maestro_text_free(&request.url);
    maestro_text_free(&request.headers);
    maestro_text_free(&request.body);
    return answer;
}
