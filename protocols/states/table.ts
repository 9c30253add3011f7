/** Which states may follow each state. A state with an empty list is final. */
export type StateTable<State extends string> = Readonly<Record<State, readonly State[]>>;

/** Whether the table lets `to` follow `from`. */
export function mayFollow<State extends string>(table: StateTable<State>, from: State, to: State): boolean {
  return table[from].includes(to);
}

/** The states from which `to` may be reached in one step: the condition of a conditional update. */
export function statesBefore<State extends string>(table: StateTable<State>, to: State): State[] {
  return (Object.keys(table) as State[]).filter((from) => table[from].includes(to));
}

/** Whether nothing follows a state. */
export function isFinal<State extends string>(table: StateTable<State>, state: State): boolean {
  return table[state].length === 0;
}
