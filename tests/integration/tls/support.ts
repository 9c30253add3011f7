import 'reflect-metadata';
import { createPrivateKey, webcrypto } from 'node:crypto';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { X509CertificateGenerator } from '@peculiar/x509';
import { freePort } from '../../../server/demo/free-port.ts';
import { startController, type TestController } from '../http/support.ts';

export interface SecureController {
  readonly controller: TestController;
  readonly port: number;
  readonly mqttPort: number;
  readonly url: string;
  /** Authority that the certificate is signed by. */
  readonly ca: string;
}

/** A controller that listens on 127.0.0.1 with TLS, by default with an authority of its own. */
export async function startSecure(env: Readonly<Record<string, string>> = {}): Promise<SecureController> {
  const [port, mqttPort] = [await freePort(), await freePort()];
  const url = `https://127.0.0.1:${port}`;
  const controller = await startController(
    {},
    { LOA_PUBLIC_URL: url, LOA_PORT: String(port), LOA_MQTT_PORT: String(mqttPort), ...env },
  );
  await controller.app.listen({ host: '127.0.0.1', port });
  return { controller, port, mqttPort, url, ca: controller.context.tls.anchors.ca() ?? '' };
}

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** One request on a connection of its own; certificates are always verified. */
export function ask(
  url: string,
  options: {
    readonly method?: string;
    readonly ca?: string;
    readonly key?: string;
    readonly cert?: string;
    readonly headers?: Readonly<Record<string, string>>;
  } = {},
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const send = url.startsWith('https:') ? httpsRequest : httpRequest;
    const request = send(url, { agent: false, ...options }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        body += part;
      });
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
      );
    });
    request.on('error', reject).end();
  });
}

/** A certificate for any use that is its own authority: a loudspeaker's, and what a controller is told to ask for. */
export async function selfSigned(name: string): Promise<{ readonly key: string; readonly cert: string }> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const day = 24 * 3_600_000;
  const certificate = await X509CertificateGenerator.createSelfSigned({
    ...{ name: `CN=${name}`, keys, signingAlgorithm: algorithm },
    ...{ notBefore: new Date(Date.now() - day), notAfter: new Date(Date.now() + day) },
  });
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey));
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  return { key: key.export({ type: 'pkcs8', format: 'pem' }).toString(), cert: certificate.toString('pem') };
}
