import { useAct } from '../api/hooks.ts';
import { Button } from '../ui/button.tsx';
import { ErrorNotice, Notice } from '../ui/notice.tsx';
import { useGate } from './session.tsx';
import { words } from './words.ts';

/** Somebody logged out and the controller did not hear it: nothing of theirs is on the screen any more, and the session may still be open. */
export function LeftOpen() {
  const { endSession } = useGate();
  const again = useAct(endSession);
  return (
    <div className="card">
      <h1>{words.leftOpenTitle}</h1>
      <Notice kind="warning">{words.leftOpen}</Notice>
      <ErrorNotice error={again.error} />
      <div className="actions">
        <Button weight="main" busy={again.busy} onPress={() => void again.run()}>
          {words.logOutAgain}
        </Button>
      </div>
    </div>
  );
}
