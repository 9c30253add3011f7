import type { Announcement } from '../announcements/announcement.ts';
import type { StandingApproval } from '../announcements/standing-approval.ts';
import type { Programme, Schedule } from '../schedule/schedule.ts';
import { bySeries, type MediumFacts, type SlotFacts } from '../schedule/slot-facts.ts';
import type { Turns } from '../turns.ts';
import { KeptValues } from './kept-values.ts';

/** What slots are made from, the same objects again as long as they say the same: whoever keeps what was made of them sees by that whether it still holds. */
export class KeptFacts {
  readonly #schedules = new KeptValues<Schedule>({ keyOf: ({ id }) => id });
  readonly #programmes = new KeptValues<Programme>({ keyOf: ({ id }) => id });
  readonly #announcements = new KeptValues<Announcement>({ keyOf: ({ id }) => id });
  readonly #standing = new KeptValues<StandingApproval>({ keyOf: ({ id }) => id });
  readonly #media = new KeptValues<MediumFacts>({ keyOf: ({ sha256 }) => sha256 });

  /** These schedules, all that there are. */
  async schedules(read: readonly Schedule[], turns: Turns): Promise<Schedule[]> {
    return [...(await this.#schedules.keep(read, turns)).values()];
  }

  /** The facts that were read for them; the territory and its rules as they come. */
  async facts(read: SlotFacts, turns: Turns): Promise<SlotFacts> {
    const standing = await this.#standing.keep([...read.standing.values()].flat(), turns);
    return {
      ...read,
      programmes: await this.#programmes.keep([...read.programmes.values()], turns),
      announcements: await this.#announcements.keep([...read.announcements.values()], turns),
      media: await this.#media.keep([...read.media.values()], turns),
      standing: bySeries([...standing.values()]),
    };
  }
}
