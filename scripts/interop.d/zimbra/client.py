"""A foreign client of Zimbra, python-zimbra, at work in one mailbox: in XML or in JSON, by every way to sign in.

    client.py FORM USER_URL ADMIN_URL VERSION

It runs on current Python as it is. What it leaves to others is done with the standard library: uploads, items over REST.
Three of its habits have to be known: more than two equal requests in one JSON batch come out as lists within lists; of a
batch in XML it gives the codes of faults only when there is nothing else; and answers lose the lists around single
elements, which `listed` puts back.
"""

import sys
import urllib.request

from pythonzimbra.communication import Communication
from pythonzimbra.tools import auth

KEY = '6b7ead4bd425836e8cf0079cd6c1a05acc127acd07c8ee4b61023e19250e929c'
ANN, ADMIN = 'ann@x.test', 'admin@x.test'
MAIL, ACCOUNT, ADMINS = 'urn:zimbraMail', 'urn:zimbraAccount', 'urn:zimbraAdmin'


def listed(value):
    return value if isinstance(value, list) else [] if value is None else [value]


def text(value):
    return value.get('_content', '') if isinstance(value, dict) else value


class Client:
    def __init__(self, form, users, administrators):
        self.form, self.users = form, users
        self.soap, self.admin = users + '/service/soap/', administrators + '/service/admin/soap/'
        self.token = None

    def ask(self, name, body, namespace=MAIL, token=None, url=None):
        """The answer to a request; a fault is an error."""
        channel = Communication(url or self.soap)
        request = channel.gen_request(request_type=self.form, token=token or self.token)
        request.add_request(name + 'Request', body, namespace)
        answer = channel.send_request(request)
        if answer.is_fault():
            raise RuntimeError(answer.get_fault_code())
        return answer.get_response()[name + 'Response']

    def fault(self, *arguments, **named):
        """The code of the fault that a request ends with."""
        try:
            self.ask(*arguments, **named)
        except RuntimeError as refused:
            return str(refused)
        return 'no fault'

    def http(self, path, body=None):
        """A file by its path, or one that is left there."""
        headers = {'Cookie': f'ZM_AUTH_TOKEN={self.token}', 'Content-Type': 'message/rfc822'}
        with urllib.request.urlopen(urllib.request.Request(self.users + path, body, headers)) as answer:
            return answer.headers, answer.read()

    def upload(self, octets):
        return self.http('/service/upload?fmt=raw', octets)[1].decode().split(',', 2)[2].strip("'\n")

    def sign_in(self):
        for key, options in (('secret', {'use_password': True}), (KEY, {})):
            token = auth.authenticate(self.soap, ANN, key, request_type=self.form, raise_on_error=True, **options)
            self.token = text(token)
            assert self.token, 'no token'
        assert auth.authenticate(self.soap, ANN, 'wrong', request_type=self.form, use_password=True) is None
        admin = auth.authenticate(self.admin, ADMIN, 'secret', request_type=self.form, admin_auth=True, raise_on_error=True)
        account = {'account': {'by': 'name', '_content': ANN}}
        own = self.ask('DelegateAuth', account, ADMINS, token=text(admin), url=self.admin)
        self.token = text(own['authToken'])
        info = self.ask('GetInfo', {'sections': 'mbox,attrs,prefs'}, ACCOUNT)
        assert text(info['name']) == ANN, info
        return text(info['version'])

    def folders(self):
        tree = self.ask('GetFolder', {})['folder']
        names = {one['name']: one for one in listed(tree['folder'])}
        assert {'Inbox', 'Sent', 'Contacts', 'Calendar'} <= set(names), names
        assert names['Inbox']['view'] == 'message' and str(names['Inbox']['n']) == '3'
        spec = {'folder': {'name': f'Ünter {self.form}', 'l': '2', 'view': 'message', 'color': '3'}}
        made = self.ask('CreateFolder', spec)['folder']
        assert self.fault('CreateFolder', spec) == 'mail.ALREADY_EXISTS'
        self.ask('FolderAction', {'action': {'id': made['id'], 'op': 'rename', 'name': f'Anders {self.form}'}})
        return made['id']

    def messages(self, folder):
        tag = self.ask('CreateTag', {'tag': {'name': f'tag {self.form}', 'color': '2'}})['tag']
        octets = f'Subject: =?utf-8?Q?=C3=BC?=\r\nMessage-ID: <{self.form}@y>\r\n\r\n'.encode() + bytes(range(256))
        message = {'l': folder, 'f': 'uf', 't': tag['id'], 'd': '1700000000000', 'aid': self.upload(octets), 'noICal': '1'}
        made = self.ask('AddMsg', {'m': message})['m']
        headers, stored = self.http(f'/home/~/?id={made["id"]}&fmt=sync&nohdr=1')
        assert stored == octets and headers['X-Zimbra-Received'] == '1700000000000', dict(headers)
        assert set(headers['X-Zimbra-Flags']) == set('uf') and headers['X-Zimbra-Tags'] == tag['id']
        found = self.ask('Search', {'types': 'message', 'query': {'_content': f'msgid:"<{self.form}@y>"'}})
        assert [one['id'] for one in listed(found['m'])] == [made['id']], found
        assert text(found['m']['su']) == 'ü', found
        self.ask('MsgAction', {'action': {'id': made['id'], 'op': 'read'}})
        return made['id']

    def changes(self):
        first = self.ask('Sync', {})
        folder = {'folder': {'name': f'Neu {self.form}', 'l': '1', 'view': 'message'}}
        made = self.ask('CreateFolder', folder)['folder']
        second = self.ask('Sync', {'token': first['token'], 'typed': '1'})
        assert [one['id'] for one in listed(second.get('folder'))] == [made['id']], second
        self.ask('FolderAction', {'action': {'id': made['id'], 'op': 'delete'}})
        third = self.ask('Sync', {'token': second['token'], 'typed': '1'})
        gone = listed(listed(third['deleted'])[0]['folder'])
        assert [one['ids'] for one in gone] == [made['id']], third

    def people(self):
        fields = [{'n': 'email', '_content': 'carl@y'}, {'n': 'lastName', '_content': 'Ö'}]
        made = self.ask('CreateContact', {'cn': {'l': '7', 'a': fields}})['cn']
        known = self.ask('GetContacts', {'cn': {'id': made['id']}})['cn']
        shown = known.get('_attrs') or {one['n']: one['_content'] for one in listed(known['a'])}
        assert shown == {'email': 'carl@y', 'lastName': 'Ö'}, known
        groups = [one for one in listed(self.ask('GetContacts', {})['cn']) if one.get('m')]
        assert len(listed(groups[0]['m'])) == 2, groups

    def calendar(self):
        start, end = {'d': '20261120T100000Z'}, {'d': '20261120T110000Z'}
        rule = {'add': {'rule': {'freq': 'WEE', 'count': {'num': '3'}}}}
        comp = {'name': 'Round', 'uid': f'{self.form}@y', 's': start, 'e': end, 'recur': rule}
        moved = {'name': 'Moved', 'uid': f'{self.form}@y', 's': {'d': '20261127T120000Z'}, 'e': {'d': '20261127T130000Z'}}
        moved['exceptId'] = {'d': '20261127T100000Z'}
        parts = {'default': {'ptst': 'AC', 'm': {'inv': {'comp': comp}}}, 'except': {'m': {'inv': {'comp': moved}}}}
        made = self.ask('SetAppointment', {'l': '10', **parts})
        again = self.ask('SetAppointment', {'l': '10', **parts})
        assert made['calItemId'] == again['calItemId']
        shown = self.ask('GetAppointment', {'id': made['calItemId'], 'includeContent': '1'})['appt']
        assert len(listed(shown['inv'])) == 2, shown
        _, ics = self.http('/home/~/Calendar?fmt=ics')
        assert ics.count(b'BEGIN:VEVENT') >= 4 and b'RRULE:FREQ=WEEKLY;COUNT=3' in ics

    def batch(self):
        channel = Communication(self.soap)
        request = channel.gen_request(request_type=self.form, token=self.token, set_batch=True, batch_onerror='continue')
        request.add_request('NoOpRequest', {}, MAIL)
        request.add_request('GetFolderRequest', {'folder': {'l': '99999'}}, MAIL)
        request.add_request('GetTagRequest', {}, MAIL)
        answer = channel.send_request(request)
        assert answer.is_batch() and answer.get_batch()['hasFault']
        assert text(answer.get_response(2)['Fault']['Detail']['Error']['Code']) == 'mail.NO_SUCH_FOLDER'
        preference = {'name': 'zimbraPrefMailForwardingAddress', '_content': 'x@y'}
        self.ask('ModifyPrefs', {'pref': preference}, ACCOUNT)
        assert self.fault('GetMsg', {'m': {'id': '99999'}}) == 'mail.NO_SUCH_MSG'


def main(form, users, administrators, version):
    client = Client(form, users, administrators)
    told = client.sign_in()
    assert told.startswith(version), told
    message = client.messages(client.folders())
    client.changes()
    client.people()
    client.calendar()
    client.batch()
    client.ask('MsgAction', {'action': {'id': message, 'op': 'delete'}})


if __name__ == '__main__':
    main(*sys.argv[1:])
