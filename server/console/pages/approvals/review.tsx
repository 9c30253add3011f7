import { useState } from 'react';
import type { EmergencyView } from '#protocols';
import { call } from '../../api/client.ts';
import { useAct } from '../../api/hooks.ts';
import { useSigned } from '../../app/session.tsx';
import { ActForm } from '../../ui/act-form.tsx';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { LongTextField, SelectField } from '../../ui/fields.tsx';
import { when } from '../../ui/format.ts';
import { Notice } from '../../ui/notice.tsx';
import { signed } from '../../ui/signed.ts';
import { words } from './emergency-words.ts';

const VERDICTS = [
  { value: 'true', label: words.justified },
  { value: 'false', label: words.notJustified },
];

/** An emergency that one person sent out alone: why, and what another one thinks of it. */
export function Review(props: {
  readonly emergency: EmergencyView;
  readonly onDone: (said: string) => void;
}) {
  const { title, askedBy, askedByName, askedAs, askedAt, breakGlass, review } = props.emergency;
  const { may, session } = useSigned();
  const [open, setOpen] = useState(false);
  const own = askedBy === session.account.name;
  return (
    <article className="card">
      <h3>{title}</h3>
      <dl className="facts">
        <dt>{words.askedBy}</dt>
        <dd>{signed(askedByName, askedAs)}</dd>
        <dt>{words.askedAt}</dt>
        <dd>{when(askedAt)}</dd>
        <dt>{words.glass}</dt>
        <dd>{breakGlass}</dd>
      </dl>
      {review?.state === 'resolved' && (
        <p>
          {words.resolved(
            signed(review.byName ?? '', review.as),
            review.justified ?? false,
            review.note ?? '',
          )}
        </p>
      )}
      {review?.state === 'open' && own && <Notice kind="info">{words.ownReview}</Notice>}
      {review?.state === 'open' && !own && may('review:resolve') && (
        <div className="actions">
          <Button weight="main" onPress={() => setOpen(true)}>
            {words.review}
          </Button>
        </div>
      )}
      {open && <ReviewDialog {...props} onClose={() => setOpen(false)} />}
    </article>
  );
}

function ReviewDialog(props: {
  readonly emergency: EmergencyView;
  readonly onDone: (said: string) => void;
  readonly onClose: () => void;
}) {
  const { id, title } = props.emergency;
  const [justified, setJustified] = useState('true');
  const [note, setNote] = useState('');
  const resolve = useAct(async (key) => {
    const body = { justified: justified === 'true', note: note.trim() };
    await call('POST', `reviews/${id}/resolve`, { key, body });
    props.onClose();
    props.onDone(words.reviewed(title));
  });
  return (
    <Dialog title={words.reviewTitle(title)} onClose={props.onClose}>
      <ActForm act={resolve} verb={words.save} disabled={note.trim() === ''}>
        <SelectField label={words.verdict} value={justified} onChange={setJustified} choices={VERDICTS} />
        <LongTextField label={words.note} value={note} onChange={setNote} maxLength={512} required />
      </ActForm>
    </Dialog>
  );
}
