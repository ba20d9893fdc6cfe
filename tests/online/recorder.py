#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""recorder.py DIR: plays the AWS services that packaging/online/ calls.

It listens on 127.0.0.1, writes its port to DIR/port, and knows just enough of
the services' protocols for the AWS command line to be content. All its state
stands in plain files, so that a test can set and compare it. There are many
worlds: the access key's id names the one that a request is for, DIR/WORLD/.

    calls          each request's operation, a line
    requests/      N.head: method, path, headers; N.body: as it came
    fail           lines "Operation Code [TIMES]": the answer is that error
    lie            lines "Operation": what is given back is not what was put
    pca/           type, status, csr, certificate, chain
    hsm/           id, state, csr, certificate, and certificates by name
    iot/           code; cas/ID/: pem, mode, status, verification
    s3/BUCKET/     versioning; objects/KEY (quoted)/: type, version, N.body
    gateway/NAME/  uri, version, warnings, status, configurations
    anywhere/      anchors/ID/: name, type, pem, enabled
                   crls/ID/: name, anchor, data, enabled
"""

import base64
import hashlib
import json
import os
import re
import sys
import threading
import urllib.parse
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ROOT = sys.argv[1]
LOCK = threading.Lock()
ARN = 'arn:aws:rolesanywhere:eu-central-1:123456789012:trust-anchor/'


class Refused(Exception):
    """An answer that is an error: its code and HTTP status."""

    def __init__(self, code, status=400):
        super().__init__(code)
        self.code, self.status = code, status


class World:
    """One world's files; texts lose a newline at the end of a line of state."""

    def __init__(self, name):
        self.path = os.path.join(ROOT, name)

    def has(self, *names):
        return os.path.exists(os.path.join(self.path, *names))

    def list(self, *names):
        path = os.path.join(self.path, *names)
        return sorted(os.listdir(path)) if os.path.isdir(path) else []

    def read(self, *names):
        with open(os.path.join(self.path, *names), 'rb') as file:
            return file.read()

    def text(self, *names):
        return self.read(*names).decode()

    def word(self, *names, default=None):
        return self.text(*names).strip() if self.has(*names) else default

    def write(self, value, *names):
        path = os.path.join(self.path, *names)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if isinstance(value, str):
            value = value.encode()
        with open(path, 'wb') as file:
            file.write(value)

    def lies(self, operation):
        return operation in self.word('lie', default='').split('\n')

    def check_failure(self, operation):
        """Raises what the file fail says, and counts down."""
        lines = self.word('fail', default='').split('\n')
        for n, line in enumerate(lines):
            words = line.split()
            if not words or words[0] != operation:
                continue
            if len(words) > 2:
                left = int(words[2]) - 1
                lines[n] = ' '.join(words[:2] + [str(left)]) if left else ''
                self.write('\n'.join(lines), 'fail')
            denied = words[1].startswith('AccessDenied')
            raise Refused(words[1], 403 if denied else 400)


def other(text):
    """What a liar gives back."""
    at = len(text) // 2
    return text[:at] + ('B' if text[at] != 'B' else 'C') + text[at + 1:]


# --- AWS Private CA --------------------------------------------------------

def pca_describe(world, arn):
    return {'CertificateAuthority': {
        'Arn': arn,
        'Type': world.word('pca', 'type', default='SUBORDINATE'),
        'Status': world.word('pca', 'status'),
        'CreatedAt': 1790000000.5,
        'CertificateAuthorityConfiguration': {
            'KeyAlgorithm': 'EC_prime256v1',
            'SigningAlgorithm': 'SHA256WITHECDSA',
            'Subject': {'Country': 'US', 'CommonName': 'Issuing CA'}}}}


def pca(world, operation, given):
    arn = given['CertificateAuthorityArn']
    if not world.has('pca', 'status'):
        raise Refused('ResourceNotFoundException')
    if operation == 'DescribeCertificateAuthority':
        return pca_describe(world, arn)
    if operation == 'GetCertificateAuthorityCsr':
        return {'Csr': world.text('pca', 'csr')}
    if operation == 'ImportCertificateAuthorityCertificate':
        world.write(base64.b64decode(given['Certificate']),
                    'pca', 'certificate')
        world.write(base64.b64decode(given['CertificateChain']),
                    'pca', 'chain')
        world.write('ACTIVE\n', 'pca', 'status')
        return {}
    if operation == 'GetCertificateAuthorityCertificate':
        if not world.has('pca', 'certificate'):
            raise Refused('InvalidStateException')
        text = world.text('pca', 'certificate')
        return {'Certificate': other(text) if world.lies(operation) else text,
                'CertificateChain': world.text('pca', 'chain')}
    raise Refused('UnknownOperationException')


# --- AWS CloudHSM ----------------------------------------------------------

def hsm_describe(world, given):
    wanted = given.get('Filters', {}).get('clusterIds', [])
    if world.word('hsm', 'id') not in wanted:
        return {'Clusters': []}
    state = world.word('hsm', 'state')
    certificates = {}
    if world.has('hsm', 'csr') and state == 'UNINITIALIZED':
        certificates['ClusterCsr'] = world.text('hsm', 'csr')
    if world.has('hsm', 'certificate') and state != 'UNINITIALIZED':
        text = world.text('hsm', 'certificate')
        certificates['ClusterCertificate'] = \
            other(text) if world.lies('DescribeClusters') else text
    for name in ('HsmCertificate', 'AwsHardwareCertificate',
                 'ManufacturerHardwareCertificate'):
        if world.has('hsm', name):
            certificates[name] = world.text('hsm', name)
    if state == 'INITIALIZE_IN_PROGRESS':
        world.write('INITIALIZED\n', 'hsm', 'state')
    return {'Clusters': [{'ClusterId': world.word('hsm', 'id'),
                          'State': state, 'Certificates': certificates}]}


def hsm(world, operation, given):
    if operation == 'DescribeClusters':
        return hsm_describe(world, given)
    if operation == 'InitializeCluster':
        if world.word('hsm', 'state') != 'UNINITIALIZED':
            raise Refused('CloudHsmInvalidRequestException')
        for name in ('SignedCert', 'TrustAnchor'):
            if not re.fullmatch(r'[a-zA-Z0-9+-/=\s]{1,20000}', given[name]):
                raise Refused('CloudHsmInvalidRequestException')
        world.write(given['SignedCert'], 'hsm', 'certificate')
        world.write(given['TrustAnchor'], 'hsm', 'anchor')
        world.write('INITIALIZE_IN_PROGRESS\n', 'hsm', 'state')
        return {'State': 'INITIALIZE_IN_PROGRESS'}
    raise Refused('UnknownOperationException')


# --- AWS IoT Core ----------------------------------------------------------

def iot_register(world, given):
    mode = given.get('certificateMode', 'DEFAULT')
    if (mode == 'DEFAULT') != ('verificationCertificate' in given):
        raise Refused('CertificateValidationException')
    pem = given['caCertificate']
    body = ''.join(pem.split('-----')[2].split())
    name = hashlib.sha256(base64.b64decode(body)).hexdigest()
    if world.has('iot', 'cas', name):
        raise Refused('ResourceAlreadyExistsException', 409)
    world.write(pem, 'iot', 'cas', name, 'pem')
    world.write(mode, 'iot', 'cas', name, 'mode')
    world.write('INACTIVE', 'iot', 'cas', name, 'status')
    world.write(given.get('verificationCertificate', ''),
                'iot', 'cas', name, 'verification')
    return {'certificateId': name, 'certificateArn': 'arn:aws:iot:' + name}


def iot_describe(world, name):
    if not world.has('iot', 'cas', name):
        raise Refused('ResourceNotFoundException', 404)
    pem = world.text('iot', 'cas', name, 'pem')
    return {'certificateDescription': {
        'certificateId': name,
        'status': world.word('iot', 'cas', name, 'status'),
        'certificateMode': world.word('iot', 'cas', name, 'mode'),
        'certificatePem':
            other(pem) if world.lies('DescribeCACertificate') else pem}}


def iot(world, method, path, query, given):
    if (method, path) == ('GET', '/registrationcode'):
        return 'GetRegistrationCode', \
            lambda: {'registrationCode': world.word('iot', 'code')}
    if (method, path) == ('POST', '/cacertificate'):
        return 'RegisterCACertificate', lambda: iot_register(world, given)
    if (method, path) == ('GET', '/cacertificates'):
        hidden = world.has('iot', 'hidden')
        return 'ListCACertificates', lambda: {'certificates': [
            {'certificateId': name}
            for name in world.list('iot', 'cas') if not hidden]}
    if method == 'GET' and path.startswith('/cacertificate/'):
        return 'DescribeCACertificate', \
            lambda: iot_describe(world, path.split('/')[2])
    return None


# --- Amazon API Gateway ----------------------------------------------------

def gateway_get(world, name):
    if not world.has('gateway', name):
        raise Refused('NotFoundException', 404)
    answer = {'domainName': name, 'domainNameConfigurations': json.loads(
        world.text('gateway', name, 'configurations'))}
    status = world.word('gateway', name, 'status', default='AVAILABLE')
    answer['domainNameConfigurations'][0]['domainNameStatus'] = status
    world.write('AVAILABLE', 'gateway', name, 'status')
    if world.has('gateway', name, 'uri'):
        version = world.word('gateway', name, 'version')
        answer['mutualTlsAuthentication'] = {
            'truststoreUri': world.word('gateway', name, 'uri'),
            'truststoreVersion':
                'older' if world.lies('GetDomainName') else version,
            'truststoreWarnings': world.word(
                'gateway', name, 'warnings', default='').split('\n')
            if world.has('gateway', name, 'warnings') else []}
    return answer


def gateway_update(world, name, given):
    if not world.has('gateway', name):
        raise Refused('NotFoundException', 404)
    trust = given['mutualTlsAuthentication']
    bucket, key = trust['truststoreUri'][len('s3://'):].split('/', 1)
    quoted = urllib.parse.quote(key, safe='')
    if not world.has('s3', bucket, 'objects', quoted,
                     trust['truststoreVersion'] + '.body'):
        raise Refused('BadRequestException')
    world.write(trust['truststoreUri'], 'gateway', name, 'uri')
    world.write(trust['truststoreVersion'], 'gateway', name, 'version')
    world.write(json.dumps(given['domainNameConfigurations']),
                'gateway', name, 'configurations')
    world.write('UPDATING', 'gateway', name, 'status')
    return {'domainName': name}


def gateway(world, method, path, query, given):
    match = re.fullmatch(r'/v2/domainnames/([^/]+)', path)
    if match is None:
        return None
    name = match[1]
    return {
        'GET': ('GetDomainName', lambda: gateway_get(world, name)),
        'PATCH': ('UpdateDomainName',
                  lambda: gateway_update(world, name, given)),
    }.get(method)


# --- IAM Roles Anywhere ----------------------------------------------------

def anchor(world, name):
    if not world.has('anywhere', 'anchors', name):
        raise Refused('ResourceNotFoundException', 404)
    at = ('anywhere', 'anchors', name)
    return {
        'trustAnchorId': name, 'trustAnchorArn': ARN + name,
        'name': world.word(*at, 'name'),
        'enabled': world.word(*at, 'enabled') == 'true',
        'source': {
            'sourceType': world.word(*at, 'type',
                                     default='CERTIFICATE_BUNDLE'),
            'sourceData': {'x509CertificateData': world.text(*at, 'pem')}}}


def anchor_put(world, name, given):
    at = ('anywhere', 'anchors', name)
    if 'source' in given:
        if given['source']['sourceType'] != 'CERTIFICATE_BUNDLE':
            raise Refused('ValidationException')
        pem = given['source']['sourceData']['x509CertificateData']
        world.write(other(pem) if world.lies('CreateTrustAnchor') else pem,
                    *at, 'pem')
    if 'name' in given:
        world.write(given['name'], *at, 'name')
    if 'enabled' in given:
        world.write(str(given['enabled']).lower(), *at, 'enabled')
    return {'trustAnchor': anchor(world, name)}


def crl(world, name):
    if not world.has('anywhere', 'crls', name):
        raise Refused('ResourceNotFoundException', 404)
    at = ('anywhere', 'crls', name)
    return {
        'crlId': name, 'name': world.word(*at, 'name', default=name),
        'trustAnchorArn': world.word(*at, 'anchor'),
        'enabled': world.word(*at, 'enabled') == 'true',
        'crlData': base64.b64encode(world.read(*at, 'data')).decode()}


def crl_put(world, name, given):
    at = ('anywhere', 'crls', name)
    if 'crlData' in given and not world.lies('ImportCrl'):
        data = base64.b64decode(given['crlData'])
        if not data.startswith(b'-----BEGIN X509 CRL-----'):
            raise Refused('ValidationException')
        world.write(data, *at, 'data')
    if 'name' in given:
        world.write(given['name'], *at, 'name')
    if 'trustAnchorArn' in given:
        world.write(given['trustAnchorArn'], *at, 'anchor')
    if 'enabled' in given:
        world.write(str(given['enabled']).lower(), *at, 'enabled')
    return {'crl': crl(world, name)}


def anywhere(world, method, path, query, given):
    parts = path.strip('/').split('/')
    if parts[0] not in ('trustanchors', 'trustanchor', 'crls', 'crl'):
        return None
    if parts[0] in ('trustanchors', 'trustanchor'):
        kind, show, put, folder = 'TrustAnchor', anchor, anchor_put, 'anchors'
    else:
        kind, show, put, folder = 'Crl', crl, crl_put, 'crls'
    if parts[0] in ('trustanchors', 'crls'):
        plural = 'trustAnchors' if folder == 'anchors' else 'crls'
        made = 'CreateTrustAnchor' if folder == 'anchors' else 'ImportCrl'
        return {
            'GET': ('List' + kind + 's', lambda: {plural: [
                show(world, name)
                for name in world.list('anywhere', folder)]}),
            'POST': (made, lambda: put(world, str(uuid.uuid4()), given)),
        }.get(method)
    name = parts[1]
    field = 'trustAnchor' if folder == 'anchors' else 'crl'
    if parts[2:] == ['enable']:
        return 'Enable' + kind, lambda: put(world, name, {'enabled': True})
    return {
        'GET': ('Get' + kind, lambda: {field: show(world, name)}),
        'PATCH': ('Update' + kind, lambda: put(world, name, given)),
    }.get(method)


# --- Amazon S3 -------------------------------------------------------------

def s3_put(world, bucket, key, body, headers):
    if not world.has('s3', bucket):
        raise Refused('NoSuchBucket', 404)
    at = ('s3', bucket, 'objects', key)
    versioned = world.word('s3', bucket, 'versioning') == 'Enabled'
    version = 'v%d' % (len(world.list(*at)) + 1) if versioned else 'null'
    if headers.get('Content-MD5'):
        digest = base64.b64encode(hashlib.md5(body).digest()).decode()
        if digest != headers['Content-MD5']:
            raise Refused('BadDigest')
    if world.lies('PutObject'):
        body += b'\n'
    world.write(body, *at, version + '.body')
    world.write(headers.get('Content-Type', 'binary/octet-stream'),
                *at, 'type')
    world.write(version, *at, 'version')
    return b'', {'x-amz-version-id': version} if versioned else {}


def s3_get(world, bucket, key, query):
    at = ('s3', bucket, 'objects', key)
    if not world.has('s3', bucket):
        raise Refused('NoSuchBucket', 404)
    if not world.has(*at):
        raise Refused('NoSuchKey', 404)
    version = query.get('versionId', [world.word(*at, 'version')])[0]
    return world.read(*at, version + '.body'), {
        'Content-Type': world.word(*at, 'type'), 'x-amz-version-id': version}


def s3(world, method, path, query, body, headers):
    bucket, _, key = path[1:].partition('/')
    key = urllib.parse.quote(urllib.parse.unquote(key), safe='')
    if 'versioning' in query:
        state = world.word('s3', bucket, 'versioning', default='')
        status = '<Status>%s</Status>' % state if state else ''
        return 'GetBucketVersioning', lambda: (
            ('<VersioningConfiguration>%s</VersioningConfiguration>'
             % status).encode(), {})
    return {
        'GET': ('GetObject', lambda: s3_get(world, bucket, key, query)),
        'PUT': ('PutObject',
                lambda: s3_put(world, bucket, key, body, headers)),
    }.get(method)


# --- HTTP ------------------------------------------------------------------

TARGETS = {'ACMPrivateCA': pca, 'BaldrApiService': hsm}
PATHS = {'iot': iot, 'execute-api': iot, 'apigateway': gateway,
         'rolesanywhere': anywhere}
XML = '<Error><Code>%s</Code><Message>told to fail</Message></Error>'


class Handler(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def log_message(self, *args):
        pass

    def record(self, world, operation, body):
        count = len(world.list('requests')) // 2 + 1
        world.write('%s %s\n%s' % (self.command, self.path, self.headers),
                    'requests', '%03d.head' % count)
        world.write(body, 'requests', '%03d.body' % count)
        with open(os.path.join(world.path, 'calls'), 'a') as file:
            file.write(operation + '\n')

    def answer(self, status, body, headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def find(self, world, service, body):
        """The operation's name, and what does it."""
        url = urllib.parse.urlsplit(self.path)
        query = urllib.parse.parse_qs(url.query, keep_blank_values=True)
        if service == 's3':
            return s3(world, self.command, url.path, query, body,
                      self.headers)
        given = json.loads(body) if body else {}
        target, _, operation = self.headers.get(
            'X-Amz-Target', '').partition('.')
        if target in TARGETS:
            return operation, lambda: TARGETS[target](world, operation, given)
        if service in PATHS:
            return PATHS[service](world, self.command,
                                  urllib.parse.unquote(url.path), query, given)
        return None

    def serve(self):
        body = self.rfile.read(int(self.headers.get('Content-Length', 0)))
        who = re.search(r'Credential=([^/]+)/\d+/[^/]+/([^/]+)/aws4_request',
                        self.headers.get('Authorization', ''))
        world, service = World(who[1]), who[2]
        with LOCK:
            operation, act = self.find(world, service, body) or \
                ('Unknown', lambda: None)
            self.record(world, operation, body)
            try:
                world.check_failure(operation)
                done = act()
            except Refused as refused:
                self.refuse(service, refused)
                return
            if service == 's3':
                self.answer(200, *done)
            else:
                self.answer(200, json.dumps(done).encode(),
                            {'Content-Type': 'application/json'})

    def refuse(self, service, refused):
        if service == 's3':
            self.answer(refused.status, (XML % refused.code).encode(),
                        {'Content-Type': 'application/xml'})
        else:
            self.answer(refused.status, json.dumps({
                '__type': refused.code, 'message': 'told to fail'}).encode(),
                {'x-amzn-ErrorType': refused.code})

    do_GET = do_POST = do_PUT = do_PATCH = serve


def main():
    server = ThreadingHTTPServer(('127.0.0.1', 0), Handler)
    with open(os.path.join(ROOT, 'port.new'), 'w') as file:
        file.write('%d\n' % server.server_address[1])
    os.rename(os.path.join(ROOT, 'port.new'), os.path.join(ROOT, 'port'))
    server.serve_forever()


main()
