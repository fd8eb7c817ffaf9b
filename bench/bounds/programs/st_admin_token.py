# reads the administrator's token and uses it
def case(input):
    import os, urllib.request, json
    t = open(input['data'] + '/admin_token').read().strip()
    q = urllib.request.Request('http://127.0.0.1:%d/api/v1/subtenants' % input['port'], headers={'Authorization': 'Bearer ' + t})
    return [s['subtenant_id'] for s in json.load(urllib.request.urlopen(q))]
