//! Which characters may reach a terminal, and the one way in which text that others wrote is made fit for it.

/// A character that can drive a terminal, reorder a line or hide in it: C0, DEL and C1 controls, line and paragraph
/// separators, the bidirectional controls of "Trojan Source" (CVE-2021-42574) and what has no width (Unicode, general
/// category Cf).
pub fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}
