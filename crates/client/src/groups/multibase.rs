//! Multibase text.

use cairn_wire::kubo::cid::bases::Named;
use cairn_wire::kubo::multibase::decode::MultibaseDecode;
use cairn_wire::kubo::multibase::encode::MultibaseEncode;
use cairn_wire::kubo::multibase::list::MultibaseList;
use cairn_wire::kubo::multibase::transcode::MultibaseTranscode;

use super::cids::{Code, codes};
use crate::kubo::{Call, binary, one, setters};
use crate::upload::{IntoSource, files};

group! {
    /// Multibase encodings.
    ///
    /// ```no_run
    /// # async fn example(kubo: cairn_client::Kubo) -> Result<(), cairn_client::Error> {
    /// let text = kubo.multibase().encode(b"hello").base("base58btc").to_string(1 << 20).await?;
    /// let bytes = kubo.multibase().decode(text.into_bytes()).to_vec(1 << 20).await?;
    /// # let _ = bytes; Ok(())
    /// # }
    /// ```
    Multibase, multibase
}

impl Multibase<'_> {
    /// Encodes bytes.
    pub fn encode(&self, bytes: impl IntoSource) -> Call<MultibaseEncode> {
        let upload = files(bytes.into_source(), self.0.chunk_size());
        Call::new(self.0, MultibaseEncode::new()).sending(upload)
    }

    /// Decodes text.
    pub fn decode(&self, text: impl IntoSource) -> Call<MultibaseDecode> {
        let upload = files(text.into_source(), self.0.chunk_size());
        Call::new(self.0, MultibaseDecode::new()).sending(upload)
    }

    /// Decodes text and encodes it in another base.
    pub fn transcode(&self, text: impl IntoSource) -> Call<MultibaseTranscode> {
        let upload = files(text.into_source(), self.0.chunk_size());
        Call::new(self.0, MultibaseTranscode::new()).sending(upload)
    }

    /// Lists the encodings.
    pub fn list(&self) -> Call<MultibaseList> {
        Call::new(self.0, MultibaseList::new())
    }
}

binary!(MultibaseEncode, MultibaseDecode, MultibaseTranscode);

one! {
    MultibaseList, Vec<Named> => Vec<Code>, codes;
}

cairn_wire::MultibaseEncode!(setters);
cairn_wire::MultibaseTranscode!(setters);
