import type { LinkView } from '#protocols';
import { Button } from '../../ui/button.tsx';
import { CopyButton } from '../../ui/copy.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { when } from '../../ui/format.ts';
import { Notice } from '../../ui/notice.tsx';
import { Qr } from '../../ui/qr.tsx';
import { words } from './words.ts';

/** A link that was just made, shown this once. */
export function LinkDialog(props: {
  readonly name: string;
  readonly link: LinkView;
  readonly onClose: () => void;
}) {
  const { name, link, onClose } = props;
  return (
    <Dialog title={words.linkFor(name)} onClose={onClose}>
      <div className="stack">
        <Notice kind="warning">{words.linkOnce}</Notice>
        <Qr svg={link.qr} alt={words.linkQr} />
        <p className="secret mono">{link.url}</p>
        <p className="hint">{words.linkUntil(when(link.expiresAt))}</p>
        <div className="actions">
          <CopyButton text={link.url} />
          <Button onPress={onClose}>{words.close}</Button>
        </div>
      </div>
    </Dialog>
  );
}
