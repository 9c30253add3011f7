import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  CONTROLLER_SUBSCRIPTION,
  parseTopic,
  speakerMayPublish,
  speakerMaySubscribe,
  speakerSubscriptions,
  TOPICS,
  type TopicName,
  topicOf,
} from '#protocols';

const NAMES = Object.keys(TOPICS) as TopicName[];
const id = fc.stringMatching(/^[a-z0-9][a-z0-9_-]{0,63}$/);
const name = fc.constantFrom(...NAMES);

/** MQTT's own rule for filters [MQTT-4.7]. */
function matches(filter: string, topic: string): boolean {
  const levels = topic.split('/');
  const wanted = filter.split('/');
  if (!filter.includes('#') && levels.length !== wanted.length) return false;
  return wanted.every((level, i) => level === '#' || level === '+' || level === levels[i]);
}

describe('the topic table', () => {
  it('builds topics that it reads back', () => {
    fc.assert(
      fc.property(name, id, (entry, of) => {
        expect(parseTopic(topicOf(entry, of))).toEqual({ name: entry, id: of });
      }),
    );
  });

  it('gives different topics to different entries and ids', () => {
    fc.assert(
      fc.property(name, id, name, id, (a, idA, b, idB) => {
        fc.pre(a !== b || idA !== idB);
        expect(topicOf(a, idA)).not.toBe(topicOf(b, idB));
      }),
    );
  });

  it('reads nothing into other texts, and never throws', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(fc.string()).map((levels) => `loa/1/${levels.join('/')}`),
        ),
        (text) => {
          const parsed = parseTopic(text);
          if (parsed !== undefined) expect(topicOf(parsed.name, parsed.id)).toBe(text);
        },
      ),
    );
  });

  it('refuses ids that could be levels, wildcards or system topics', () => {
    for (const bad of ['', '+', '#', 'a/b', '$SYS', 'A', '-a', 'a'.repeat(65), 'é'])
      expect(() => topicOf('order', bad)).toThrow(expect.objectContaining({ code: 'document.malformed' }));
  });

  it('lets a speaker publish upward on its own topics only', () => {
    fc.assert(
      fc.property(name, id, id, (entry, owner, other) => {
        const up = TOPICS[entry].direction === 'up';
        expect(speakerMayPublish(owner, topicOf(entry, owner))).toBe(up);
        fc.pre(owner !== other);
        expect(speakerMayPublish(owner, topicOf(entry, other))).toBe(false);
      }),
    );
  });

  it('lets a speaker subscribe to exactly its own filters', () => {
    fc.assert(
      fc.property(id, fc.uniqueArray(id, { maxLength: 6 }), fc.string(), (speaker, areas, text) => {
        const own = speakerSubscriptions(speaker, areas);
        for (const filter of own) expect(speakerMaySubscribe(speaker, areas, filter)).toBe(true);
        fc.pre(!own.includes(text));
        expect(speakerMaySubscribe(speaker, areas, text)).toBe(false);
      }),
    );
    for (const filter of ['#', 'loa/#', '+/+/+/+', 'loa/1/speaker/+/down/+', CONTROLLER_SUBSCRIPTION])
      expect(speakerMaySubscribe('a', ['b'], filter)).toBe(false);
  });

  it('brings every message down to those that it is for, and every message up to the controller', () => {
    fc.assert(
      fc.property(name, id, id, (entry, of, stranger) => {
        const topic = topicOf(entry, of);
        const down = TOPICS[entry].direction === 'down';
        expect(matches(CONTROLLER_SUBSCRIPTION, topic)).toBe(!down);
        const toArea = TOPICS[entry].pattern.startsWith('area/');
        const filters = toArea ? speakerSubscriptions(stranger, [of]) : speakerSubscriptions(of, []);
        expect(filters.some((filter) => matches(filter, topic))).toBe(down);
        fc.pre(of !== stranger);
        expect(speakerSubscriptions(stranger, []).some((filter) => matches(filter, topic))).toBe(false);
      }),
    );
  });
});
