output "environment" {
  description = "The variables that the service is started with, besides its secrets"
  value = {
    AWS_REGION                = var.region
    S3_BUCKET                 = aws_s3_bucket.recordings.id
    USERS_TABLE               = local.names.users
    AUDIO_FILES_TABLE         = local.names.audio_files
    DYNAMODB_TABLE_NAME       = local.names.auth_state
    AUTH_TOKENS_TABLE         = local.names.auth_tokens
    APPROVED_EMAILS_TABLE     = local.names.approved_emails
    DYNAMODB_OAUTH_TABLE      = local.names.oauth_tokens
    DYNAMODB_OAUTH_LOGS_TABLE = local.names.oauth_logs
    AUDIT_EVENTS_TABLE        = local.names.audit_events
  }
}

output "table_arns" {
  description = "ARN of each table, by label"
  value       = { for label, table in module.tables : label => table.arn }
}

output "service_role_arn" {
  description = "ARN of the role of the service"
  value       = aws_iam_role.service.arn
}

output "operator_policy_arn" {
  description = "ARN of the policy for whoever gives the commands"
  value       = aws_iam_policy.operator.arn
}
