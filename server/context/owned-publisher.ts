import { DomainError, type DownTopicName } from '#protocols';
import type { OrderPublisher } from '../domain/dispatch/publisher.ts';

/** What only the owner of the database may say. A stop goes out whoever says it, and answers are harmless. */
const ONLY_THE_OWNER: ReadonlySet<DownTopicName> = new Set([
  'areaOrder',
  'order',
  'areaPlan',
  'plan',
  'assignment',
]);

/** The way down to speakers, closed for orders and plans while another controller may own the database. */
export function ownedPublisher(publisher: OrderPublisher, owned: () => boolean): OrderPublisher {
  return {
    get connected() {
      return publisher.connected && owned();
    },
    publish: (name, id, payload) =>
      ONLY_THE_OWNER.has(name) && !owned()
        ? Promise.reject(new DomainError('message.disconnected'))
        : publisher.publish(name, id, payload),
  };
}
