/** Version of the agent, as it tells it in hello and health. */
export const AGENT_VERSION = '0.1.0';
