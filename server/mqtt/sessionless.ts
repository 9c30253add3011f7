import { Readable } from 'node:stream';

/**
 * What Aedes calls persistence, for a broker that keeps nothing: no retained message, no subscription beyond its
 * connection, no queue for who is away, no stored will (a will lives with its connection). The database is the truth.
 * With this no memory can grow behind the broker's back, and a machine that slept does not publish the wills of everybody.
 */
export class Sessionless {
  // Aedes looks for an AsyncFunction here, not for any function that gives a promise.
  async setup(): Promise<void> {}

  async storeRetained(): Promise<void> {}
  async cleanSubscriptions(client: object): Promise<object> {
    return client;
  }
  async cleanIncoming(): Promise<void> {}
  async addSubscriptions(): Promise<void> {}
  async removeSubscriptions(): Promise<void> {}
  async subscriptionsByClient(): Promise<[]> {
    return [];
  }
  async subscriptionsByTopic(): Promise<[]> {
    return [];
  }
  async countOffline(): Promise<{ subsCount: number; clientsCount: number }> {
    return { subsCount: 0, clientsCount: 0 };
  }

  async outgoingEnqueue(): Promise<void> {}
  async outgoingEnqueueCombi(): Promise<void> {}
  async outgoingUpdate(): Promise<void> {}
  async outgoingClearMessageId(): Promise<undefined> {
    return undefined;
  }
  outgoingStream(): Readable {
    return nothing();
  }
  createRetainedStreamCombi(): Readable {
    return nothing();
  }

  // QoS 2 is refused before it comes here.
  async incomingStorePacket(): Promise<never> {
    throw new Error('QoS 2 is not taken');
  }
  async incomingGetPacket(): Promise<never> {
    throw new Error('no such packet');
  }
  async incomingDelPacket(): Promise<void> {}

  async putWill(): Promise<void> {}
  async getWill(): Promise<undefined> {
    return undefined;
  }
  async delWill(): Promise<undefined> {
    return undefined;
  }
  streamWill(): Readable {
    return nothing();
  }
  getClientList(): Readable {
    return nothing();
  }
  async destroy(): Promise<void> {}
}

/** Far cheaper than `Readable.from`: Aedes asks for two of these at every connection. */
function nothing(): Readable {
  return new Readable({
    objectMode: true,
    read() {
      this.push(null);
    },
  });
}
