/** JSON that storage itself wrote. What must keep its exact bytes does not come here: it is stored as text. */
export function fromJson<Value>(text: string): Value {
  return JSON.parse(text) as Value;
}

export function fromJsonOrNull<Value>(text: string | null): Value | null {
  return text === null ? null : fromJson<Value>(text);
}

export function toJsonOrNull(value: object | null): string | null {
  return value === null ? null : JSON.stringify(value);
}

/** Short words as one text. */
export function joinWords(words: readonly string[]): string {
  return words.join(' ');
}

export function splitWords<Word extends string>(text: string): Word[] {
  return text === '' ? [] : (text.split(' ') as Word[]);
}
