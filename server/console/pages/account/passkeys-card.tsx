import { useState } from 'react';
import type { PasskeyView } from '#protocols';
import { call } from '../../api/client.ts';
import { useAct, useLoad } from '../../api/hooks.ts';
import { makePasskey, passkeysPossible } from '../../api/passkeys.ts';
import { useFreshly } from '../../app/freshly.tsx';
import { useGate, useSigned } from '../../app/session.tsx';
import { ActForm } from '../../ui/act-form.tsx';
import { Button } from '../../ui/button.tsx';
import { Confirm } from '../../ui/dialog.tsx';
import { TextField } from '../../ui/fields.tsx';
import { dayOf } from '../../ui/format.ts';
import { ErrorNotice } from '../../ui/notice.tsx';
import { words } from './words.ts';

export function PasskeysCard() {
  const { setup } = useGate();
  const { changed } = useSigned();
  const { dialog, freshly } = useFreshly();
  const [name, setName] = useState<string>(words.passkeyDefault);
  const [leaving, setLeaving] = useState<PasskeyView>();
  const list = useLoad('passkeys', (signal) =>
    call<{ passkeys: PasskeyView[] }>('GET', 'account/passkeys', { signal }),
  );
  const add = useAct(async () => {
    const response = await freshly(makePasskey);
    await call('POST', 'account/passkeys', { body: { name: name.trim() || words.passkeyDefault, response } });
    setName(words.passkeyDefault);
    changed();
    list.reload();
  });
  const remove = useAct(async (_key, id: string) => {
    await freshly(() => call('DELETE', `account/passkeys/${id}`));
    changed();
    list.reload();
  });
  const passkeys = list.value?.passkeys ?? [];
  const possible = setup?.passkeys === true && passkeysPossible();
  return (
    <section className="card">
      <h2>{words.passkeys}</h2>
      <ErrorNotice error={list.error} onRetry={list.reload} />
      {list.value !== undefined && passkeys.length === 0 && <p className="soft">{words.passkeysNone}</p>}
      <ul className="rows">
        {passkeys.map((one) => (
          <li key={one.id}>
            <div>
              <b>{one.name}</b>
              <div className="soft small">
                {words.added(dayOf(one.createdAt))}
                {one.lastUsedAt !== null && `, ${words.lastUsed(dayOf(one.lastUsedAt))}`}
              </div>
            </div>
            <Button onPress={() => setLeaving(one)}>{words.removePasskey}</Button>
          </li>
        ))}
      </ul>
      {possible ? (
        <ActForm act={add} verb={words.addPasskey} weight="plain">
          <TextField label={words.passkeyName} value={name} onChange={setName} maxLength={64} />
        </ActForm>
      ) : (
        <p className="soft">{words.passkeysNot}</p>
      )}
      {leaving !== undefined && (
        <Confirm
          title={words.removePasskey}
          verb={words.removePasskey}
          danger
          busy={remove.busy}
          error={remove.error}
          onConfirm={() => remove.run(leaving.id)}
          onClose={() => setLeaving(undefined)}
        >
          {words.removePasskeyAsk(leaving.name)}
        </Confirm>
      )}
      {dialog}
    </section>
  );
}
