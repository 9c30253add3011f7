export { BROKER_LIMITS, type BrokerLimits, EmbeddedBroker, type EmbeddedBrokerOptions } from './broker.ts';
export {
  type ExternalBroker,
  type MqttConnector,
  memoryConnector,
  networkConnector,
} from './controller-link.ts';
export type { BrokerMetrics } from './counters.ts';
export { CredentialTable } from './credential-table.ts';
export { Gateway, type GatewayMetrics, type GatewayOptions } from './gateway.ts';
export { MqttListener, type MqttListenerOptions } from './listeners.ts';
export { type SpeakerMessagesOptions, speakerMessages } from './speaker-messages.ts';
export { attachWebSocket } from './websocket.ts';
