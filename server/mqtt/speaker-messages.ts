import { isDomainError } from '#protocols';
import type { AnswerIngest } from '../domain/deliveries/answer-ingest.ts';
import type { JournalIngest } from '../domain/deliveries/journal-ingest.ts';
import type { ProgressRelay } from '../domain/deliveries/progress.ts';
import type { OrderPublisher } from '../domain/dispatch/publisher.ts';
import type { TimeService } from '../domain/keys/time-service.ts';
import type { HealthIngest } from '../domain/speakers/health-ingest.ts';
import type { HelloService } from '../domain/speakers/hello.ts';
import type { PresenceService } from '../domain/speakers/presence.ts';
import type { SpeakerMessageHandlers } from './inbound.ts';

export interface SpeakerMessagesOptions {
  readonly hellos: HelloService;
  readonly health: HealthIngest;
  readonly answers: AnswerIngest;
  readonly journal: JournalIngest;
  readonly presence: PresenceService;
  readonly progress: ProgressRelay;
  readonly time: TimeService;
  readonly publisher: OrderPublisher;
  readonly onError: (error: unknown) => void;
}

/** Which service takes which message of a speaker. */
export function speakerMessages(options: SpeakerMessagesOptions): SpeakerMessageHandlers {
  const { hellos, health, answers, journal, presence, progress, time, publisher, onError } = options;
  return {
    hello: (speakerId, hello, said) => hellos.take(speakerId, hello, said),
    answer: (speakerId, answer, said) => answers.take(speakerId, answer, said),
    journal: (speakerId, batch, bytes) => journal.take(speakerId, batch, bytes),
    health: (speakerId, report, said) => health.take(speakerId, report, said),
    progress: (speakerId, position) => progress.take(speakerId, position),
    presence: (speakerId, state) => presence.presence(speakerId, state),
    timeRequest: (speakerId, request) => {
      const receivedAt = time.now();
      time
        .reply(request, receivedAt)
        .then((reply) => publisher.publish('time', speakerId, reply))
        .catch((error: unknown) => {
          // Best effort by its nature: the speaker asks again.
          if (!isDomainError(error, 'message.disconnected')) onError(error);
        });
    },
  };
}
