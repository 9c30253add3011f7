export async function endToEnd(_folder: string): Promise<object> { return {}; }
