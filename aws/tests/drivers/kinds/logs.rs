use longshore_planner::kinds::logs::log_group::LogGroup;
use serde_json::json;

use super::{becomes, reads_back};
use crate::account::Account;

#[tokio::test(start_paused = true)]
async fn log_groups() {
    let account = Account::new().await;
    let key = "arn:aws:kms:eu-west-1:123456789012:key/11111111-2222-3333-4444-555555555555";
    let many: serde_json::Map<_, _> = (0..40).map(|n| (format!("team/a tag = {n}"), json!(n.to_string()))).collect();
    let base = json!({"name": "/longshore/law"});
    let cases = [
        json!({}),
        json!({"retentionInDays": 1}),
        json!({"retentionInDays": 3653, "tags": {"a": "b"}}),
        json!({"kmsKeyId": key}),
        json!({"kmsKeyId": key, "retentionInDays": 30, "tags": {"a": "", "ü": "ö"}}),
        json!({"tags": many}),
    ];
    reads_back::<LogGroup>(&account, &base, &cases).await;
    becomes::<LogGroup>(&account, &base, &cases).await;
}
