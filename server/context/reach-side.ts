import type { Clock } from '#kit';
import type { ServerConfig } from '../config/index.ts';
import type { TrustAnchors } from '../domain/keys/trust-anchors.ts';
import type { MetricSource } from '../http/metrics.ts';
import type { Logger } from '../logger.ts';
import { askPublicAddress } from '../reach/ask.ts';
import { ProcessProof } from '../reach/process-proof.ts';
import { SelfCheck } from '../reach/self-check.ts';

/** Whether our public address leads here. `check` is started by whoever opens the port. */
export function buildReachSide(config: ServerConfig, clock: Clock, log: Logger, anchors: TrustAnchors) {
  const proof = new ProcessProof();
  const { publicUrl: url } = config;
  const check = new SelfCheck({
    ...{ clock, url, log },
    ask: (signal) =>
      askPublicAddress({
        ...{ url, ca: anchors.ca(), signal, proof: (nonce) => proof.of(nonce) },
        mqtt: config.externalBroker === null,
        clientCertificates: config.tls.clientCaFile !== null,
      }),
  });
  const metric: MetricSource = {
    name: 'loa_public_url_reachable',
    help: '1 while our public address leads here as far as this machine sees, 0 while it does not, -1 before it was asked',
    kind: 'gauge',
    read: () => [[{}, check.gauge]],
  };
  return { check, proof, metric, readiness: { address: async () => check.state } };
}
