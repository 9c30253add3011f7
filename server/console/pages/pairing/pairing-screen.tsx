import { useEffect, useState } from 'react';
import type { Static } from 'typebox';
import type { LinkView, PairingStateSchema } from '#protocols';
import { call } from '../../api/client.ts';
import { useAct, useLoad } from '../../api/hooks.ts';
import { Button } from '../../ui/button.tsx';
import { when } from '../../ui/format.ts';
import { ErrorNotice, Notice, Waiting } from '../../ui/notice.tsx';
import { Qr } from '../../ui/qr.tsx';
import { words } from './words.ts';

const ASK_EVERY_MS = 2_000;

/** A QR code over the whole screen, which another person's phone scans; says when it has come. */
export function PairingScreen(props: { readonly name: string; readonly onClose: () => void }) {
  const { name, onClose } = props;
  const [link, setLink] = useState<LinkView>();
  const { run, error, busy } = useAct(async (key) =>
    setLink(await call<LinkView>('POST', `accounts/${name}/pairing`, { key })),
  );
  useEffect(() => {
    void run();
  }, [run]);
  const state = useLoad(
    link === undefined ? null : `pairing ${link.id}`,
    (signal) =>
      call<Static<typeof PairingStateSchema>>('GET', `accounts/${name}/pairing/${link?.id}`, { signal }),
    ASK_EVERY_MS,
  );
  const now = state.value?.state ?? 'waiting';
  return (
    <section className="full-screen" aria-label={words.title}>
      {busy && <Waiting />}
      <ErrorNotice error={error} />
      {link !== undefined && now === 'waiting' && (
        <>
          <h2>{words.scan(state.value?.person ?? name)}</h2>
          <Qr svg={link.qr} alt={words.alt} large />
          <p>{link.direct ? words.direct : words.proof}</p>
          <p className="soft">{words.waiting(when(link.expiresAt))}</p>
        </>
      )}
      {now === 'used' && <Notice kind="good">{words.used}</Notice>}
      {now === 'expired' && <Notice kind="warning">{words.expired}</Notice>}
      <Button onPress={onClose}>{words.close}</Button>
    </section>
  );
}
