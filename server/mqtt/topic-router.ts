/** A listener of Aedes: calls back when it has taken the message. */
type Listener<Message> = (message: Message, done: () => void) => void;

/** Listeners served before others have a turn of the event loop: an order for 5,000 speakers would hold it for 200 ms. */
const SLICE = 100;

/**
 * Finds who gets a message and hands it out in slices. Takes the place of Aedes' own emitter, which hands out to everybody in one
 * turn and keeps a tree of every topic level. The topic table has one kind of filter: a `+` for whole levels, in few places, so a map
 * by filter and a short list of shapes are enough.
 */
export class TopicRouter<Message extends { readonly topic: string } = { readonly topic: string }> {
  readonly #listeners = new Map<string, Set<Listener<Message>>>();
  /** Which levels are `+` in the filters in use ("2,4"), and how many filters have that shape. */
  readonly #shapes = new Map<
    string,
    { readonly levels: number; readonly plus: readonly number[]; filters: number }
  >();
  #closed = false;

  on(filter: string, listener: Listener<Message>, done?: () => void): this {
    let listeners = this.#listeners.get(filter);
    if (listeners === undefined) {
      listeners = new Set();
      this.#listeners.set(filter, listeners);
      const shape = shapeOf(filter);
      const known = this.#shapes.get(shape.name);
      if (known === undefined) this.#shapes.set(shape.name, { ...shape, filters: 1 });
      else known.filters += 1;
    }
    listeners.add(listener);
    if (done !== undefined) setImmediate(done);
    return this;
  }

  removeListener(filter: string, listener: Listener<Message>, done?: () => void): this {
    const listeners = this.#listeners.get(filter);
    if (listeners?.delete(listener) && listeners.size === 0) {
      this.#listeners.delete(filter);
      const { name } = shapeOf(filter);
      const shape = this.#shapes.get(name);
      if (shape !== undefined && --shape.filters === 0) this.#shapes.delete(name);
    }
    if (done !== undefined) setImmediate(done);
    return this;
  }

  /** Hands a message to everybody whose filter matches; `done` when all have taken it. Two messages keep their order at each listener. */
  emit(message: Message, done: (error?: Error) => void = () => undefined): this {
    if (this.#closed) {
      done(new Error('the router is closed'));
      return this;
    }
    const found = this.#match(message.topic);
    let open = found.length;
    if (open === 0) {
      setImmediate(done);
      return this;
    }
    const taken = () => {
      open -= 1;
      if (open === 0) done();
    };
    const from = (start: number) => {
      // Whoever left meanwhile gets nothing more.
      for (const { listeners, listener } of found.slice(start, start + SLICE))
        if (listeners.has(listener)) listener(message, taken);
        else taken();
      if (start + SLICE < found.length) setImmediate(from, start + SLICE);
    };
    from(0);
    return this;
  }

  close(done: () => void): this {
    this.#closed = true;
    setImmediate(done);
    return this;
  }

  #match(topic: string): { listeners: Set<Listener<Message>>; listener: Listener<Message> }[] {
    const levels = topic.split('/');
    const found: { listeners: Set<Listener<Message>>; listener: Listener<Message> }[] = [];
    for (const shape of this.#shapes.values()) {
      if (shape.levels !== levels.length) continue;
      const filter = levels.map((level, at) => (shape.plus.includes(at) ? '+' : level)).join('/');
      const listeners = this.#listeners.get(filter);
      if (listeners !== undefined) for (const listener of listeners) found.push({ listeners, listener });
    }
    return found;
  }
}

function shapeOf(filter: string): {
  readonly name: string;
  readonly levels: number;
  readonly plus: readonly number[];
} {
  const levels = filter.split('/');
  const plus = levels.flatMap((level, at) => (level === '+' ? [at] : []));
  return { name: `${levels.length}:${plus.join(',')}`, levels: levels.length, plus };
}
