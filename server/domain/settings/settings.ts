/** Settings and marks of the controller by name, as text. */
export interface SettingStore {
  get(name: string): Promise<string | null>;
  put(name: string, value: string, at: number): Promise<void>;
}
