export { type BrokerLimits, EmbeddedBroker } from './broker.ts';
export { type MqttConnector, memoryConnector, networkConnector } from './controller-link.ts';
export { CredentialTable } from './credential-table.ts';
export { Gateway } from './gateway.ts';
export { MqttListener } from './listeners.ts';
export { speakerMessages } from './speaker-messages.ts';
export { attachWebSocket } from './websocket.ts';
