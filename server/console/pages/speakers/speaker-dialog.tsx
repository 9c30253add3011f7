import { useState } from 'react';
import type { EnrolmentCode, EnrolmentView, SpeakerView } from '#protocols';
import { call } from '../../api/client.ts';
import { useAct, useLoad } from '../../api/hooks.ts';
import { useSigned } from '../../app/session.tsx';
import { Button } from '../../ui/button.tsx';
import { Confirm, Dialog } from '../../ui/dialog.tsx';
import { when } from '../../ui/format.ts';
import { ErrorNotice } from '../../ui/notice.tsx';
import type { NewSpeaker } from './add-speaker.tsx';
import { SpeakerChips } from './speaker-chips.tsx';
import { words } from './words.ts';

type Verb = 'newCode' | 'voidCode' | 'block' | 'unblock' | 'retire';
const WHY: Readonly<Record<Verb, string>> = {
  newCode: words.newCodeWhy,
  voidCode: words.voidCodeWhy,
  block: words.blockWhy,
  unblock: words.unblockWhy,
  retire: words.retireWhy,
};

/** One loudspeaker: how it is, how it enrolled, and what may be done with it. */
export function SpeakerDialog(props: {
  readonly speaker: SpeakerView;
  readonly onSheet: (made: NewSpeaker) => void;
  readonly onChanged: () => void;
  readonly onClose: () => void;
}) {
  const { speaker, onSheet, onChanged } = props;
  const { id, lifecycle, status } = speaker;
  const { may, areaName } = useSigned();
  const [asked, setAsked] = useState<Verb>();
  const enrolment = useLoad(`enrolment ${id}`, (signal) =>
    call<{ enrolment: EnrolmentView | null }>('GET', `speakers/${id}/enrolment`, { signal }),
  );
  const act = useAct(async (key, verb: Verb, reason: string) => {
    if (verb === 'newCode') {
      const made = await call<EnrolmentCode>('POST', `speakers/${id}/enrolment`, { key, body: {} });
      onSheet({ speaker, enrolment: made });
    } else if (verb === 'voidCode') {
      await call('DELETE', `speakers/${id}/enrolment`, { key });
      enrolment.reload();
    } else {
      await call('POST', `speakers/${id}/${verb}`, { key, body: { reason } });
      onChanged();
    }
  });
  const code = enrolment.value?.enrolment;
  const verbs: readonly (readonly [verb: Verb, possible: boolean])[] = [
    ['newCode', lifecycle === 'enrolled' || lifecycle === 'active'],
    ['voidCode', code?.state === 'pending'],
    ['unblock', lifecycle === 'blocked'],
    ['block', lifecycle === 'enrolled' || lifecycle === 'active'],
    ['retire', lifecycle !== 'retired'],
  ];
  return (
    <Dialog title={speaker.name} onClose={props.onClose}>
      <div className="stack">
        <SpeakerChips speaker={speaker} />
        <dl className="facts">
          <dt>{words.id}</dt>
          <dd className="mono">{id}</dd>
          <dt>{words.area}</dt>
          <dd>{areaName(speaker.areaId)}</dd>
          <dt>{words.enrolment}</dt>
          <dd>
            {code != null && stateOf(code)}
            {code != null && code.wrongTries > 0 && ` (${words.wrongTries(code.wrongTries)})`}
          </dd>
          {status?.agentVersion != null && (
            <>
              <dt>{words.version}</dt>
              <dd>{status.agentVersion}</dd>
            </>
          )}
          <dt>{words.volume}</dt>
          <dd>{words.decibels(speaker.gainDb, speaker.capDb)}</dd>
        </dl>
        <p className="soft small">
          {status?.lastSeenAt == null ? words.never : words.seen(when(status.lastSeenAt))}
        </p>
        <ErrorNotice error={enrolment.error} onRetry={enrolment.reload} />
        {may('speaker:provision') && (
          <div className="actions">
            {verbs
              .filter(([, possible]) => possible)
              .map(([verb]) => (
                <Button key={verb} onPress={() => setAsked(verb)}>
                  {words[verb]}
                </Button>
              ))}
          </div>
        )}
      </div>
      {asked !== undefined && (
        <Confirm
          title={`${words[asked]}: ${speaker.name}`}
          verb={words[asked]}
          danger={asked === 'block' || asked === 'retire'}
          {...(asked === 'newCode' || asked === 'voidCode' ? {} : { reason: words.reason })}
          busy={act.busy}
          error={act.error}
          onConfirm={(reason) => act.run(asked, reason)}
          onClose={() => {
            setAsked(undefined);
            act.clear();
          }}
        >
          {WHY[asked]}
        </Confirm>
      )}
    </Dialog>
  );
}

function stateOf({ state, expiresAt, usedAt }: EnrolmentView): string {
  switch (state) {
    case 'pending':
      return words.enrolments.pending(when(expiresAt));
    case 'used':
      return words.enrolments.used(when(usedAt ?? expiresAt));
    case 'expired':
      return words.enrolments.expired;
    case 'void':
      return words.enrolments.void;
  }
}
