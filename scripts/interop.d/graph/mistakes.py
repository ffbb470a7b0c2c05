"""Shows mistakes to the judge, one request each, and says what it finds: `what<TAB>found`, or `nothing`.

    mistakes.py METADATA < mistakes.json
"""

import json
import sys

from metadata import Metadata

# Answers, with the request that they answer.
ANSWERS = (
    ('an entity with an invented property', 'GET', '/users/a/messages/1', 200, {'id': '1', 'invented': 1}),
    ('an entity without id', 'GET', '/users/a/messages/1', 200, {'subject': 'x'}),
    ('a collection without value', 'GET', '/users/a/messages', 200, {'values': []}),
    ('a link that is not absolute', 'GET', '/users/a/messages', 200, {'value': [], '@odata.nextLink': '/x'}),
    ('a page that leads to two places', 'GET', '/users/a/messages/delta', 200,
     {'value': [], '@odata.nextLink': 'http://x', '@odata.deltaLink': 'http://x'}),
    ('a removal without its reason', 'GET', '/users/a/messages/delta', 200, {'value': [{'id': '1', '@removed': {}}]}),
    ('an error without a code', 'GET', '/users/a/messages', 400, {'error': {'message': 'x'}}),
    ('a refusal that does not say how long', 'GET', '/users/a/messages', 429, {'error': {'code': 'x', 'message': 'x'}}),
)


def main():
    model = Metadata(sys.argv[1])
    kind = {'Content-Type': 'application/json'}
    for what, method, path, body in json.load(sys.stdin):
        found = model.request(method, f'/v1.0{path}', kind, b'' if body is None else json.dumps(body).encode())[1]
        print(what, '; '.join(found) or 'nothing', sep='\t')
    for what, method, path, status, body in ANSWERS:
        place, _ = model.request(method, f'/v1.0{path}', kind, b'')
        found = model.answer(method, place, status, kind, json.dumps(body).encode())
        print(what, '; '.join(found) or 'nothing', sep='\t')


if __name__ == '__main__':
    main()
