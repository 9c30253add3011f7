import type { StorageUse } from '#protocols';
import { size, when } from '../../ui/format.ts';
import { Notice } from '../../ui/notice.tsx';
import { words } from './words.ts';

interface Part {
  readonly name: 'database' | 'audio' | 'backups' | 'replaced' | 'others' | 'free';
  readonly bytes: number;
  readonly text: string;
}

/** What takes the disk, in the order of the picture; all of it together is the disk. */
function partsOf({ disk, databaseBytes, media, backupBytes, replacedBytes }: StorageUse): Part[] {
  const used = disk.totalBytes - disk.freeBytes;
  const others = Math.max(0, used - databaseBytes - media.bytes - backupBytes - replacedBytes);
  const part = (name: Part['name'], bytes: number, text = size(bytes)) => ({ name, bytes, text });
  return [
    part('database', databaseBytes),
    part('audio', media.bytes, words.audioFiles(media.files, size(media.bytes))),
    part('backups', backupBytes),
    ...(replacedBytes > 0 ? [part('replaced', replacedBytes)] : []),
    part('others', others),
    part('free', disk.freeBytes),
  ];
}

/** The disk as a bar, each part as wide as it is large, and its figures. */
export function DiskCard({ use }: { readonly use: StorageUse }) {
  const parts = partsOf(use);
  const all = parts.reduce((sum, { bytes }) => sum + bytes, 0);
  let at = 0;
  return (
    <section className="card">
      <h2>{words.disk}</h2>
      {use.state === 'low' && <Notice kind="warning">{words.diskLow}</Notice>}
      {use.state === 'full' && <Notice kind="bad">{words.diskFull}</Notice>}
      <svg
        className="disk"
        viewBox="0 0 100 8"
        preserveAspectRatio="none"
        role="img"
        aria-label={words.pictureOf(size(use.disk.freeBytes), size(use.disk.totalBytes))}
      >
        {parts.map(({ name, bytes }) => {
          const x = at;
          at += (bytes / all) * 100;
          return <rect key={name} className={name} x={x} y="0" width={at - x} height="8" />;
        })}
      </svg>
      <dl className="facts legend">
        {parts.map(({ name, text }) => (
          <div key={name}>
            <dt>
              <span className={`swatch ${name}`} aria-hidden="true" /> {words[name]}
            </dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
      <p className="hint">{words.countedAt(when(use.countedAt))}</p>
    </section>
  );
}
