import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { isIPv4 } from 'node:net';

/**
 * Creates a self-signed certificate for tests, encoded in DER (X.690, RFC 5280): Node can create keys but not
 * certificates, and tests must not depend on openssl.
 */
export function selfSigned(...names: string[]): { cert: string; key: string } {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const name = sequence(
    node(0x31, sequence(oid(0x55, 4, 3), node(0x0c, Buffer.from(`test ${randomBytes(4).toString('hex')}`)))),
  );
  // ecdsa-with-SHA256, 1.2.840.10045.4.3.2
  const algorithm = sequence(node(0x06, Buffer.from('2a8648ce3d040302', 'hex')));
  const body = sequence(
    node(0xa0, node(0x02, Buffer.from([2]))),
    node(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    algorithm,
    name,
    sequence(node(0x17, Buffer.from('200101000000Z')), node(0x17, Buffer.from('491231235959Z'))),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    node(
      0xa3,
      sequence(
        // subjectAltName, then basicConstraints CA:TRUE, so that it can sign itself.
        sequence(oid(0x55, 29, 17), node(0x04, sequence(...names.map(alternativeName)))),
        sequence(
          oid(0x55, 29, 19),
          node(0x01, Buffer.from([0xff])),
          node(0x04, sequence(node(0x01, Buffer.from([0xff])))),
        ),
      ),
    ),
  );
  const signature = sign('sha256', body, privateKey);
  const der = sequence(body, algorithm, node(0x03, Buffer.concat([Buffer.from([0]), signature])));
  const lines = der.toString('base64').replace(/.{64}(?=.)/g, '$&\n');
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

function node(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const size =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

function sequence(...parts: Buffer[]): Buffer {
  return node(0x30, Buffer.concat(parts));
}

/** For short identifiers whose parts fit in a byte each; the first byte encodes the first two parts. */
function oid(...bytes: number[]): Buffer {
  return node(0x06, Buffer.from(bytes));
}

function alternativeName(name: string): Buffer {
  return isIPv4(name) ? node(0x87, Buffer.from(name.split('.').map(Number))) : node(0x82, Buffer.from(name));
}
